package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"mixq/models/onnx"
	"mixq/models/safetensors"
	"mixq/models/torchfile"
	"mixq/nn"
	"mixq/tensor"
)

// format is what a file holds, by its first bytes.
type format string

const (
	formatMixq        format = "mixq"
	formatSafetensors format = "safetensors"
	formatTorch       format = "torch"
	formatONNX        format = "onnx"
)

// sniff tells the format of a file by its content.
func sniff(path string) (format, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var head [9]byte
	n, err := io.ReadFull(f, head[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	switch {
	case bytes.HasPrefix(head[:], []byte("\x89MIXQ")):
		return formatMixq, nil
	case head[8] == '{' && binary.LittleEndian.Uint64(head[:]) < 1<<32: // length of the header, then JSON
		return formatSafetensors, nil
	case bytes.HasPrefix(head[:], []byte("PK\x03\x04")), head[0] == 0x80: // zip; a pickle's first opcode
		return formatTorch, nil
	case head[0] == 0x08: // its first field, the version of the format
		return formatONNX, nil
	case n < len(head):
		return "", fmt.Errorf("%s: only %d bytes; truncated?", path, n)
	}
	return "", fmt.Errorf("%s: neither a .mixq file nor safetensors nor a PyTorch checkpoint nor ONNX", path)
}

// readWeights reads the named tensors of a safetensors file, a PyTorch checkpoint
// or an ONNX model.
func readWeights(path string) (map[string]*tensor.Tensor, error) {
	form, err := sniff(path)
	if err != nil {
		return nil, err
	}
	switch form {
	case formatSafetensors:
		f, err := safetensors.Read(path)
		if err != nil {
			return nil, err
		}
		return f.Tensors, nil
	case formatTorch:
		return torchfile.Read(path)
	case formatONNX:
		g, err := onnx.Read(path)
		if err != nil {
			return nil, err
		}
		return parameters(g), nil
	}
	return nil, fmt.Errorf("%s: a .mixq file is a quantized network, not trained weights", path)
}

// parameters are the parameters of g by name.
func parameters(g *nn.Graph) map[string]*tensor.Tensor {
	w := map[string]*tensor.Tensor{}
	for _, v := range g.Params() {
		w[v.Name] = v.Data
	}
	return w
}
