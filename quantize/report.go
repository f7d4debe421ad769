package quantize

import (
	"mixq/infer/artifact"
	"mixq/nn"
)

// Report is the outcome of a run. Its JSON form is a contract with scripts.
type Report struct {
	Model           string             `json:"model"`
	FloatTop1       float64            `json:"float_top1"`   // percent of the evaluation images
	QuantTop1       float64            `json:"quant_top1"`   // of the written file, run in integer arithmetic
	Drop            float64            `json:"drop"`         // points
	Agreement       float64            `json:"agreement"`    // percent of images with the same best class as the float network
	KL              float64            `json:"kl"`           // mean KL(float ‖ quantized) of the softmax outputs, in nats
	Images          int                `json:"images"`       // evaluated
	FloatBytes      int64              `json:"float_bytes"`  // float32 weights
	WeightBytes     int64              `json:"weight_bytes"` // packed codes
	FileBytes       int64              `json:"file_bytes"`
	Compression     float64            `json:"compression"`      // FloatBytes / packed codes
	FileCompression float64            `json:"file_compression"` // FloatBytes / FileBytes
	AvgBits         float64            `json:"avg_bits"`         // bits of code per weight
	EffectiveBits   float64            `json:"effective_bits"`   // with scales, zero points and padding
	AvgActBits      float64            `json:"avg_act_bits"`     // bits of code per element of the activations
	BOPs            int64              `json:"bops"`             // of a run: the sum over layers of MACs·Wbits·Abits
	ActivationBytes int64              `json:"activation_bytes"` // of one image, as infer plans them
	Bits            map[string]uint8   `json:"bits"`
	InputBits       map[string]uint8   `json:"input_bits"` // of what each layer reads
	ActBits         map[string]uint8   `json:"act_bits"`   // by value, of those that are computed or given
	Objective       float64            `json:"objective"`  // of the allocation
	Bound           float64            `json:"bound"`
	SQNR            map[string]float64 `json:"sqnr_db"`            // of the outputs of layers with weights, against the float network; without those that are exact or all zero
	Latency         *PlanLatency       `json:"latency,omitempty"`  // nil without a latency table
	LayerError      int                `json:"layer_error"`        // largest difference of integer from simulated execution of a layer, in codes
	Search          *SearchResult      `json:"search,omitempty"`   // if the budget was found by accuracy
	Equalized       Equalized          `json:"equalized,omitzero"` // if Config asked for equalization
	ReestimatedBN   bool               `json:"reestimated_bn,omitempty"`
	Seconds         Seconds            `json:"seconds"`
}

// Seconds is the wall time of the stages.
type Seconds struct {
	Equalize    float64 `json:"equalize"`
	Calibrate   float64 `json:"calibrate"`
	Sensitivity float64 `json:"sensitivity"`
	Search      float64 `json:"search"`
	Allocate    float64 `json:"allocate"`
	Round       float64 `json:"round"`
	Tune        float64 `json:"tune"`
	Pack        float64 `json:"pack"`
	Verify      float64 `json:"verify"`
	Total       float64 `json:"total"`
}

// sizes fills in what the quantized graph and the plan say; FileBytes is set.
func (r *Report) sizes(q *nn.Graph, plan *Plan) {
	var weights, codeBits, stored int64
	r.Bits, r.InputBits = map[string]uint8{}, map[string]uint8{}
	for _, l := range weighted(q) {
		n, b := int64(l.Weight.Type.Shape.Elems()), l.Weight.Type.Quant.Bits
		r.Bits[l.node.Name], r.InputBits[l.node.Name] = b, l.X.Type.Quant.Bits
		weights += n
		codeBits += n * int64(b)
		stored += artifact.WeightBytes(l.Weight.Type.Shape, int(b))
	}
	r.FloatBytes = 4 * weights
	r.WeightBytes = (codeBits + 7) / 8
	r.Compression = float64(32*weights) / float64(codeBits)
	r.FileCompression = float64(r.FloatBytes) / float64(r.FileBytes)
	r.AvgBits = float64(codeBits) / float64(weights)
	r.EffectiveBits = float64(8*stored) / float64(weights)
	r.actSizes(q)
	r.BOPs, r.ActivationBytes = CountBOPs(q), plan.Memory
	r.Objective, r.Bound, r.Latency = plan.Objective, plan.Bound, plan.Latency
}

// actSizes fills in the bits of activations.
func (r *Report) actSizes(q *nn.Graph) {
	var elements, codeBits int64
	r.ActBits = map[string]uint8{}
	for _, t := range groups(q) {
		for _, v := range t.source {
			if v.Type.Quant == nil { // computed from logits
				continue
			}
			n, b := int64(v.Type.Shape.Elems()), v.Type.Quant.Bits
			r.ActBits[v.Name] = b
			elements += n
			codeBits += n * int64(b)
		}
	}
	r.AvgActBits = float64(codeBits) / float64(elements)
}
