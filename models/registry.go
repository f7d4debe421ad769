package models

import (
	"fmt"
	"strings"

	"mixq/nn"
)

// registry lists every network by the name users give it, smallest first.
var registry = []struct {
	name  string
	build func(name string) (*nn.Graph, error)
}{
	{"resnet8", cifarResNet(1)},
	{"resnet20", cifarResNet(3)},
	{"resnet32", cifarResNet(5)},
	{"resnet44", cifarResNet(7)},
	{"resnet56", cifarResNet(9)},
	{"resnet110", cifarResNet(18)},
}

// Names lists the networks that Build knows.
func Names() []string {
	names := make([]string, len(registry))
	for i, m := range registry {
		names[i] = m.name
	}
	return names
}

// Build returns the graph of the named network for one image, without weights.
// An unknown name is an error that lists the known ones.
func Build(name string) (*nn.Graph, error) {
	for _, m := range registry {
		if m.name == name {
			return m.build(name)
		}
	}
	return nil, fmt.Errorf("models: unknown network %q, want one of %s", name, strings.Join(Names(), ", "))
}
