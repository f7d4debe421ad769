// Command mixq compresses trained networks by mixed-precision quantization and
// runs the results. Each subcommand has a file of its own: it turns flags into
// arguments of one library call and prints what comes back.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"mixq/internal/isa"
	"mixq/quantize"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2 // unknown or malformed flags and arguments
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second signal ends the program at once
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if err := isa.EnvError(); err != nil {
		return fail(stderr, err)
	}
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	started := false // what fails before is the command line
	beforeRun(root, func() { started = true })
	switch c, err := root.ExecuteContextC(ctx); {
	case err == nil:
		return exitOK
	case !started:
		fail(stderr, fmt.Errorf("%w (see %s --help)", err, c.CommandPath()))
		return exitUsage
	case errors.Is(err, context.Canceled):
		return fail(stderr, errors.New("interrupted"))
	default:
		return fail(stderr, err)
	}
}

// beforeRun makes c and all commands below it call f before they run.
func beforeRun(c *cobra.Command, f func()) {
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			f()
			return run(c, args)
		}
	}
	for _, sub := range c.Commands() {
		beforeRun(sub, f)
	}
}

// fail prints an error as one line.
func fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "mixq: %s\n", strings.Join(strings.Fields(err.Error()), " "))
	return exitFailure
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "mixq",
		Short: "Compress trained networks by mixed-precision quantization",
		Long: `mixq compresses trained networks by mixed-precision post-training quantization:
sensitivities of all layers from gradients, an exact integer program for the
bits, and rounding that needs no labels and no retraining.

The environment variable MIXQ_ISA lowers the instruction set level that is used
(generic, avx2, ...).`,
		Example:            "  mixq quantize",
		Version:            quantize.Version,
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newQuantize(), newEval(), newInspect(), newSensitivity(), newAllocate(), newTrain(), newModels(), newConvert(), newExport(), newBench(), newSolve())
	return root
}
