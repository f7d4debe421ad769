package infer_test

import (
	"fmt"
	"log"

	"mixq/infer"
	"mixq/tensor"
)

// A program that embeds a network opens its file once, makes a session for each
// goroutine and runs images.
func Example() {
	program, err := infer.Open("testdata/tiny.mixq", infer.Options{Batch: 1})
	if err != nil {
		log.Fatal(err)
	}
	session := program.NewSession()
	defer session.Close()

	image := tensor.New(tensor.Uint8, 1, 3, 16, 16) // the bytes of a black image, N,C,H,W
	outputs, err := session.Run(image)
	if err != nil {
		log.Fatal(err)
	}
	best, logits := 0, outputs[0].Float32()
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	fmt.Printf("%s %.3f\n", program.Meta().Labels[best], logits[best])
	// Output: nine 65.728
}
