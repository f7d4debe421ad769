package dataset

import (
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "test_batch.bin", record(7, 0, 0, 0))
	for _, tt := range []struct {
		spec   string
		images int
	}{{"cifar10:" + dir, 1}, {"shapes", shapesTest}} {
		s, err := Open(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Preprocess.Validate(); err != nil {
			t.Error(err)
		}
		d, err := s.Load(Test)
		if err != nil {
			t.Fatal(err)
		}
		if s.Spec != tt.spec || len(s.Classes) != 10 || !d.Shape().Equal(s.Shape) || d.Len() != tt.images {
			t.Errorf("%s: spec %q, %d classes, %d images of %v", tt.spec, s.Spec, len(s.Classes), d.Len(), d.Shape())
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for _, spec := range []string{"", "cifar10", "cifar10:", "shapes:3", "imagenet", "csv:", "folder"} {
		_, err := Open(spec)
		if err == nil || !strings.Contains(err.Error(), "cifar10:DIR or shapes or folder:DIR or csv:FILE") {
			t.Errorf("Open(%q): error = %v, want one that lists the forms", spec, err)
		}
	}
}
