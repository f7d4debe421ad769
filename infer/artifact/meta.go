package artifact

import "encoding/json"

// Meta says where a file comes from and how its input is to be prepared. It
// does not influence the network's outputs.
type Meta struct {
	Tool       string          `json:"tool,omitempty"`       // version of mixq that wrote the file
	Go         string          `json:"go,omitempty"`         // version of Go, whose image decoders decide pixels
	Level      string          `json:"level,omitempty"`      // instruction set level that calibrated (isa.Level)
	Config     string          `json:"config,omitempty"`     // hash of the quantization configuration
	Seed       uint64          `json:"seed,omitempty"`       // of all random draws
	Preprocess json.RawMessage `json:"preprocess,omitempty"` // opaque here: a dataset.Preprocess
	Synthetic  bool            `json:"synthetic,omitempty"`  // random weights: good for measuring speed only
	Labels     []string        `json:"labels,omitempty"`     // names of the classes, in order
}
