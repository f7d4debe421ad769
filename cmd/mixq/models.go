package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"mixq/models"
	"mixq/tensor"
)

func newModels() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "models",
		Short:   "List the networks that --model knows",
		Example: `  mixq models`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := listModels()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), map[string]any{"models": list})
			}
			var t table
			t.row("model", "input", "classes", "parameters", "MACs")
			for _, m := range list {
				t.row(m.Name, m.Input.String(), fmt.Sprint(m.Classes), fmt.Sprint(m.Params), fmt.Sprint(m.MACs))
			}
			t.print(c.OutOrStdout())
			return nil
		},
	}
	addJSON(c.Flags(), &asJSON)
	return c
}

type modelInfo struct {
	Name    string       `json:"name"`
	Input   tensor.Shape `json:"input"` // C,H,W
	Classes int          `json:"classes"`
	Params  int64        `json:"parameters"`
	MACs    int64        `json:"macs"`
}

func listModels() ([]modelInfo, error) {
	var list []modelInfo
	for _, name := range models.Names() {
		g, err := models.Build(name)
		if err != nil {
			return nil, err
		}
		out := g.Outputs[0].Type.Shape
		list = append(list, modelInfo{name, g.Inputs[0].Type.Shape[1:], out[len(out)-1], g.NumParams(), g.MACs()})
	}
	return list, nil
}
