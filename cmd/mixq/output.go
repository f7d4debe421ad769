package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/pflag"
)

// output is the form in which a command prints its result.
type output struct{ json bool }

func (o *output) addFlag(f *pflag.FlagSet) {
	f.BoolVar(&o.json, "json", false, "print one JSON object and nothing else on standard output")
}

// print writes v as a JSON object, or lets text say it to people.
func (o *output) print(w io.Writer, v any, text func(io.Writer)) error {
	if !o.json {
		text(w)
		return nil
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
