package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"mixq/models"
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
			t.row("model", "parameters", "MACs", "classes", "input")
			for _, m := range list {
				t.row(m.Name, fmt.Sprint(m.Params), fmt.Sprint(m.MACs), fmt.Sprint(m.Classes), m.Input.String())
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
	About   string       `json:"about"`
	Input   models.Input `json:"input"`
	Classes int          `json:"classes"`
	Params  int64        `json:"parameters"`
	MACs    int64        `json:"macs"`
}

func listModels() ([]modelInfo, error) {
	var list []modelInfo
	for _, m := range models.All() {
		g, err := m.Build()
		if err != nil {
			return nil, err
		}
		list = append(list, modelInfo{m.Name, m.About, m.Input, m.Classes, models.Learned(g), g.MACs()})
	}
	return list, nil
}
