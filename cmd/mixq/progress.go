package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a command is, if someone can be looking: standard
// error is a terminal. The zero value shows nothing.
type progress struct {
	w     io.Writer // nil for no display
	label string    // of bar
	bar   *progressbar.ProgressBar
}

func newProgress(stderr io.Writer) *progress {
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{w: f}
	}
	return &progress{}
}

// show moves the bar of the step label, of which done parts of total are
// finished; a total of 0 is an unknown one. A new label starts a new bar.
func (p *progress) show(label string, done, total int) {
	if p.w == nil {
		return
	}
	if label != p.label {
		p.close()
		p.label, p.bar = label, p.start(label, total)
	}
	p.bar.Set(done) // a failing terminal is not worth failing for
}

func (p *progress) start(label string, total int) *progressbar.ProgressBar {
	if total == 0 {
		total = -1 // the bar's word for unknown
	}
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetDescription(label),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
	)
}

// close takes the bar off the screen.
func (p *progress) close() {
	if p.bar != nil {
		p.bar.Finish()
		p.bar, p.label = nil, ""
	}
}
