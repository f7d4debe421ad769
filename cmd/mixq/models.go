package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mixq/models"
)

func newModels() *cobra.Command {
	var o output
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
			return o.print(c.OutOrStdout(), list, list.print)
		},
	}
	o.addFlag(c.Flags())
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

// modelList is an object, so that its JSON form is one.
type modelList struct {
	Models []modelInfo `json:"models"`
}

func listModels() (*modelList, error) {
	var list modelList
	for _, m := range models.All() {
		g, err := m.Build()
		if err != nil {
			return nil, err
		}
		list.Models = append(list.Models, modelInfo{m.Name, m.About, m.Input, m.Classes, models.Learned(g), g.MACs()})
	}
	return &list, nil
}

func (l *modelList) print(w io.Writer) {
	var t table
	t.row("model", "parameters", "MACs", "classes", "input")
	for _, m := range l.Models {
		t.row(m.Name, fmt.Sprint(m.Params), fmt.Sprint(m.MACs), fmt.Sprint(m.Classes), m.Input.String())
	}
	t.print(w)
}
