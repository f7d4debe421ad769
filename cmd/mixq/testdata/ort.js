// node ort.js MODEL.onnx IMAGES C,H,W LOGITS runs each image of a file of float32
// through ONNX Runtime and writes its first output to another. ORT_HOME is the
// folder whose node_modules holds onnxruntime-node.
const fs = require('fs');
const path = require('path');
const ort = require(path.join(process.env.ORT_HOME, 'node_modules', 'onnxruntime-node'));

async function main(model, images, chw, logits) {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const bytes = fs.readFileSync(images);
  const pixels = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const shape = [1, ...chw.split(',').map(Number)];
  const size = shape.reduce((a, b) => a * b);
  const out = [];
  for (let i = 0; i < pixels.length; i += size) {
    const image = new ort.Tensor('float32', pixels.slice(i, i + size), shape);
    const result = await session.run({ [session.inputNames[0]]: image });
    out.push(Buffer.from(new Float32Array(result[session.outputNames[0]].data).buffer));
  }
  fs.writeFileSync(logits, Buffer.concat(out));
}

main(...process.argv.slice(2)).catch((e) => {
  console.error(e.message);
  process.exit(1);
});
