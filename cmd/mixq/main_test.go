package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mixq runs a command line in this process.
func mixq(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = execute(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

// run runs a command line that must succeed without a word on standard error.
func run(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := mixq(t.Context(), args...)
	if code != exitOK || stderr != "" {
		t.Fatalf("mixq %s: exit code %d, standard error %q", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// wantError runs a command line that must fail with one line about want.
func wantError(t *testing.T, code int, want string, args ...string) {
	t.Helper()
	got, stdout, stderr := mixq(t.Context(), args...)
	if got != code || stdout != "" {
		t.Errorf("mixq %s: exit code %d, standard output %q; want %d and none", strings.Join(args, " "), got, stdout, code)
	}
	if !strings.HasPrefix(stderr, "mixq: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("mixq %s: standard error %q, want one line with %q", strings.Join(args, " "), stderr, want)
	}
}

// TestHelp: every command explains itself and gives an example.
func TestHelp(t *testing.T) {
	for _, c := range append(newRoot().Commands(), newRoot()) {
		t.Run(c.Name(), func(t *testing.T) {
			args := []string{c.Name(), "--help"}
			if c.Name() == "mixq" {
				args = args[1:]
			}
			help := run(t, args...)
			for _, want := range []string{"Usage:\n  mixq", "Examples:\n  mixq", "Flags:\n"} {
				if !strings.Contains(help, want) {
					t.Errorf("no %q in\n%s", want, help)
				}
			}
		})
	}
}

func TestUsageErrors(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"command", []string{"quantise"}, `"quantise"`},
		{"flag", []string{"quantize", "--bit", "4"}, "--bit"},
		{"bits", []string{"quantize", "--bits", "2,x"}, "--bits"},
		{"budget", []string{"quantize", "--budget", "8"}, "--budget"},
		{"budget of another kind", []string{"quantize", "--bops-budget", "5ms"}, "--bops-budget"},
		{"activation bits", []string{"quantize", "--act-bits", "4,x"}, "--act-bits"},
		{"tie", []string{"quantize", "--tie", "["}, "--tie"},
		{"metric", []string{"quantize", "--metric", "hessian"}, "hessian-trace"},
		{"rounding", []string{"quantize", "--rounding", "up"}, "--rounding"},
		{"rule without settings", []string{"quantize", "--rule", "linear"}, "want GLOB:KEY=VALUE"},
		{"rule without number", []string{"quantize", "--rule", "linear:bits=a"}, "--rule"},
		{"model", []string{"quantize", "--model", "resnet21"}, "resnet21"},
		{"data", []string{"quantize", "--data", "mnist"}, "mnist"},
		{"weights missing", []string{"quantize", "--model", "resnet20", "--data", "shapes"}, "weights"},
		{"argument", []string{"quantize", "out.mixq"}, "out.mixq"},
		{"eval of nothing", []string{"eval", "--data", "shapes"}, "either"},
		{"eval of two", []string{"eval", "a.mixq", "--model", "resnet20", "--weights", "w", "--data", "shapes"}, "either"},
		{"group", []string{"bench", "foo"}, `"foo"`},
		{"eval without data", []string{"eval", "a.mixq"}, `"data"`},
		{"inspect of nothing", []string{"inspect"}, "arg"},
		{"train without output", []string{"train", "--model", "resnet8", "--data", "shapes"}, `"out"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantError(t, exitUsage, tt.want, tt.args...) })
	}
}

// TestPipeline takes a network through all commands: training, measuring,
// sensitivities, an allocation, quantization.
func TestPipeline(t *testing.T) {
	dir := t.TempDir()
	data := "cifar10:" + cifar(t, dir)
	weights, network, sens := filepath.Join(dir, "w"), filepath.Join(dir, "n.mixq"), filepath.Join(dir, "sens.json")
	trained := []string{"--model", "resnet8", "--weights", weights, "--data", data}

	run(t, "train", "--model", "resnet8", "--data", data, "--epochs", "1", "--batch", "16", "--out", weights)
	wantKeys(t, run(t, append(trained, "eval", "--json")...), "images_per_second n top1 top5")

	calibrated := append(trained, "--calib", "32", "--bits", "2,4,8")
	table := run(t, append(calibrated, "sensitivity", "--out", sens)...)
	if lines := strings.Split(strings.TrimSpace(table), "\n"); len(lines) != 9 || !strings.HasSuffix(lines[0], "8 bits") {
		t.Errorf("want a head and a line for each of 8 layers, got\n%s", table)
	}
	wantKeys(t, run(t, "allocate", sens, "--budget", "8x", "--json"), "Acts BOPs Bound Budgets Layers Memory Objective Status")
	if plan := run(t, "allocate", sens, "--budget", "50kB"); !strings.Contains(plan, "of 50000 bytes of the file") {
		t.Errorf("allocation within 50 kB:\n%s", plan)
	}

	report := run(t, append(calibrated, "quantize", "--rule", "linear:bits=8", "--out", network, "--json")...)
	wantKeys(t, report, "act_bits activation_bytes agreement avg_act_bits avg_bits bits bops bound compression drop effective_bits file_bytes "+
		"file_compression float_bytes float_top1 images input_bits kl layer_error model objective quant_top1 seconds sqnr_db weight_bytes")
	var r struct {
		Top1  float64        `json:"quant_top1"`
		Bytes int64          `json:"file_bytes"`
		Bits  map[string]int `json:"bits"`
	}
	unmarshal(t, report, &r)
	if info, err := os.Stat(network); err != nil || info.Size() != r.Bytes || r.Bits["linear"] != 8 {
		t.Errorf("file %v (%v), report %s", info, err, report)
	}
	var a accuracy
	unmarshal(t, run(t, "eval", network, "--data", data, "--json"), &a)
	if a.Top1 != r.Top1 || a.Images != cifarImages {
		t.Errorf("eval gives %v %% of %d images, quantize %v %% of %d", a.Top1, a.Images, r.Top1, cifarImages)
	}
	wantKeys(t, run(t, "inspect", network, "--json"), "bops bytes file format layers meta model weights")
	wantKeys(t, run(t, "inspect", weights, "--json"), "bytes file format layers weights")

	again := filepath.Join(dir, "again.mixq")
	run(t, append(calibrated, "quantize", "--rule", "linear:bits=8", "--out", again, "--threads", "1")...)
	if !bytes.Equal(read(t, network), read(t, again)) {
		t.Error("one thread writes another file")
	}

	human := run(t, append(calibrated, "quantize")...)
	for _, want := range []string{"layer3.0.conv2  64x64x3x3", "times smaller", "not kept; give --out"} {
		if !strings.Contains(human, want) {
			t.Errorf("no %q in\n%s", want, human)
		}
	}
}

// TestFailures: what is wrong with files and requests is one line that names
// them, and no file is left behind.
func TestFailures(t *testing.T) {
	dir := t.TempDir()
	images := cifar(t, dir)
	data := "cifar10:" + images
	weights, out := filepath.Join(dir, "w"), filepath.Join(dir, "out", "n.mixq")
	run(t, "train", "--model", "resnet8", "--data", data, "--epochs", "1", "--batch", "32", "--out", weights)
	good := read(t, weights)
	file := func(name string, b []byte) string { return write(t, filepath.Join(dir, name), b) }
	if err := os.Mkdir(filepath.Dir(out), 0o777); err != nil {
		t.Fatal(err)
	}
	short := t.TempDir()
	for _, name := range []string{"data_batch_1.bin", "test_batch.bin"} {
		write(t, filepath.Join(short, name), read(t, filepath.Join(images, name))[:3072])
	}
	nan := slices.Clone(good)
	copy(nan[len(nan)-4:], []byte{0, 0, 0xc0, 0x7f})

	tests := []struct {
		name, model, weights, data, want string
		more                             []string
	}{
		{"no weights", "resnet8", filepath.Join(dir, "none"), data, "none: no such file", nil},
		{"empty weights", "resnet8", file("empty", nil), data, "empty: only 0 bytes", nil},
		{"truncated weights", "resnet8", file("short", good[:len(good)/2]), data, "short: ", nil},
		{"truncated checkpoint", "resnet8", file("short.th", []byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9")), data, "short.th: ", nil},
		{"not weights", "resnet8", file("text", []byte("not a network")), data, "text: neither", nil},
		{"weights of another network", "resnet20", weights, data, weights + ": ", nil},
		{"NaN weights", "resnet8", file("nan", nan), data, "nan: ", nil},
		{"truncated images", "resnet8", weights, "cifar10:" + short, "data_batch_1.bin: 3072 bytes", nil},
		{"no images", "resnet8", weights, "cifar10:" + filepath.Join(dir, "none"), "none", nil},
		{"too few images", "resnet8", weights, data, "--calib 65", []string{"--calib", "65"}},
		{"impossible budget", "resnet8", weights, data, "--budget 40x", []string{"--budget", "40x"}},
		{"no images to validate on", "resnet8", weights, data, "--valid 64", []string{"--max-drop", "1", "--valid", "64"}},
		{"impossible budgets", "resnet8", weights, data, "--budget 8x --bops-budget 600x: quantize: budgets 8x, bops=600x are impossible together", []string{"--budget", "8x", "--bops-budget", "600x"}},
		{"impossible memory", "resnet8", weights, data, "memory=49.192kB is the nearest", []string{"--memory-budget", "1kB", "--budget", "none"}},
		{"rule without candidates", "resnet8", weights, data, "leaves layer linear none", []string{"--rule", "linear:min=7,max=7"}},
		{"tie of nothing", "resnet8", weights, data, `"fc"`, []string{"--tie", "fc"}},
		{"metric without activations", "resnet8", weights, data, "metric mse", []string{"--act-bits", "4,8", "--metric", "mse"}},
		{"impossible bits", "resnet8", weights, data, "9, want 2 to 8", []string{"--bits", "4,9"}},
		{"rule for nothing", "resnet8", weights, data, `"fc"`, []string{"--rule", "fc:min=3"}},
		{"no folder", "resnet8", weights, data, "--out", []string{"--out", filepath.Join(dir, "none", "n.mixq")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"quantize", "--model", tt.model, "--weights", tt.weights, "--data", tt.data, "--calib", "32", "--out", out}
			wantError(t, exitFailure, tt.want, append(args, tt.more...)...)
			if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v (%v)", left, err)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		code, _, stderr := mixq(ctx, "quantize", "--model", "resnet8", "--weights", weights, "--data", data, "--calib", "32", "--out", out)
		if code != exitFailure || stderr != "mixq: interrupted\n" {
			t.Errorf("exit code %d, standard error %q", code, stderr)
		}
	})
	wantError(t, exitFailure, "short: ", "inspect", filepath.Join(dir, "short"))
	wantError(t, exitFailure, "n.mixq: not a valid .mixq file", "eval", file("n.mixq", []byte("\x89MIXQ\r\n\x1a")), "--data", data)
	wantError(t, exitFailure, "--limit 99", "eval", "--model", "resnet8", "--weights", weights, "--data", data, "--limit", "99")
	wantError(t, exitFailure, "no sensitivities", "allocate", file("sens.json", []byte("{}")))
}

// cifarImages is the number of images of each split that cifar makes.
const cifarImages = 64

// cifar writes a small set in the form of CIFAR-10, of stripes whose direction
// and width depend on the class, and returns its folder.
func cifar(t *testing.T, dir string) string {
	t.Helper()
	var b []byte
	for i := range cifarImages {
		class := i % 10
		b = append(b, byte(class))
		for p := range 3 * 32 * 32 {
			x, y := p%32, p/32%32
			b = append(b, byte((x*(class%3)+y*(class/3)+i)*16))
		}
	}
	for _, name := range []string{"data_batch_1.bin", "test_batch.bin"} {
		write(t, filepath.Join(dir, name), b)
	}
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantKeys checks that text is one JSON object with these keys, in order.
func wantKeys(t *testing.T, text, keys string) {
	t.Helper()
	var m map[string]json.RawMessage
	unmarshal(t, text, &m)
	var got []string
	for k := range m {
		got = append(got, k)
	}
	slices.Sort(got)
	if strings.Join(got, " ") != keys {
		t.Errorf("keys %v, want %v", got, keys)
	}
}

func unmarshal(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
}
