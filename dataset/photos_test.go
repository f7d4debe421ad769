package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"mixq/internal/golden"
	"mixq/tensor"
)

// flat is an image of one colour.
func flat(w, h int, c color.NRGBA) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.SetNRGBA(i%w, i/w, c)
	}
	return m
}

// pngOf and jpegOf are the files of an image.
func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// small prepares images of 4x4 pixels.
var small = Torchvision.Normalise(Preprocess{Resize: 5, Crop: 4})

// files lists what a photographs set holds, as names and labels.
func files(t *testing.T, spec string) (names []string, labels []int, d Dataset) {
	t.Helper()
	s, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.Prepare(small); err != nil {
		t.Fatal(err)
	}
	if d, err = s.Load(Test); err != nil {
		t.Fatal(err)
	}
	for _, f := range d.(photos).files {
		names, labels = append(names, filepath.Base(f.path)), append(labels, f.label)
	}
	return names, labels, d
}

func TestLayouts(t *testing.T) {
	red, blue := color.NRGBA{250, 10, 20, 255}, color.NRGBA{10, 20, 250, 255}
	for _, tt := range []struct {
		name, spec string // %s: the folder
		files      map[string][]byte
		labels     []int
		names      string
	}{
		{"class folders", "folder:%s", map[string][]byte{
			"n2/b.PNG": pngOf(t, flat(7, 9, blue)), "n1/z.jpg": jpegOf(t, flat(9, 6, red)), "n1/notes.txt": nil, "n2/a.jpeg": jpegOf(t, flat(5, 5, red)),
		}, []int{0, 1, 1}, "z.jpg a.jpeg b.PNG"},
		{"a list", "folder:%s", map[string][]byte{
			"val.txt": []byte("b.png 7\n\na.jpg 0\n"), "a.jpg": jpegOf(t, flat(9, 6, red)), "b.png": pngOf(t, flat(6, 8, blue)),
		}, []int{7, 0}, "b.png a.jpg"},
		{"a table", "csv:%s/t.csv", map[string][]byte{
			"t.csv": []byte("author,class,file\n\"A, B\",3,a.jpg\nC,4,b.png\n"), "a.jpg": jpegOf(t, flat(9, 6, red)), "b.png": pngOf(t, flat(6, 8, blue)),
		}, []int{3, 4}, "a.jpg b.png"},
		{"a table beside images", "csv:%s/t.csv", map[string][]byte{
			"t.csv": []byte("file,class\na.jpg,3\n"), "images/a.jpg": jpegOf(t, flat(9, 6, red)),
		}, []int{3}, "a.jpg"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, data := range tt.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, dir, name, data)
			}
			names, labels, d := files(t, fmt.Sprintf(tt.spec, dir))
			if got := strings.Join(names, " "); got != tt.names || !slices.Equal(labels, tt.labels) {
				t.Fatalf("files %v with labels %v, want %v with %v", got, labels, tt.names, tt.labels)
			}
			for i, name := range names {
				pixels := make([]uint8, 48)
				label, err := d.Image(i, pixels)
				if err != nil || label != labels[i] {
					t.Fatalf("%s: label %d, error %v", name, label, err)
				}
				want := red
				if strings.HasPrefix(name, "b.") {
					want = blue
				}
				for c, v := range []uint8{want.R, want.G, want.B} {
					if got := pixels[16*c+5]; max(got, v)-min(got, v) > 3 { // what JPEG may change
						t.Errorf("%s: channel %d is %d, want %d", name, c, got, v)
					}
				}
			}
		})
	}
}

func TestLayoutErrors(t *testing.T) {
	for _, tt := range []struct{ name, spec, file, text, want string }{
		{"no table", "csv:%s/t.csv", "x", "", "t.csv"},
		{"no head", "csv:%s/t.csv", "t.csv", "a.jpg,3\n", "no columns file and class"},
		{"empty table", "csv:%s/t.csv", "t.csv", "", "no columns file and class"},
		{"no rows", "csv:%s/t.csv", "t.csv", "file,class\n", "no images"},
		{"class", "csv:%s/t.csv", "t.csv", "file,class\na.jpg,3\nb.jpg,cat\n", `line 3: class "cat"`},
		{"negative class", "csv:%s/t.csv", "t.csv", "file,class\nb.jpg,-1\n", `class "-1"`},
		{"columns", "csv:%s/t.csv", "t.csv", "file,class\na.jpg\n", "wrong number of fields"},
		{"outside", "csv:%s/t.csv", "t.csv", "file,class\n../a.jpg,1\n", `"../a.jpg" is not a name below`},
		{"no folder", "folder:%s/none", "x", "", "none"},
		{"no list", "folder:%s", "a.jpg", "", "val.txt"},
		{"list", "folder:%s", "val.txt", "a.jpg 3\nb.jpg\n", "val.txt: line 2 has 1 words"},
		{"list class", "folder:%s", "val.txt", "a.jpg n01440764\n", "line 1: class"},
		{"empty list", "folder:%s", "val.txt", "\n", "no images"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tt.file, []byte(tt.text))
			s, err := Open(fmt.Sprintf(tt.spec, dir))
			if err != nil {
				t.Fatal(err)
			}
			if s, err = s.Prepare(small); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Load(Test); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error = %v, want one with %q and the folder", err, tt.want)
			}
		})
	}
}

func TestPrepareErrors(t *testing.T) {
	shapes, _ := Open("shapes")
	table, _ := Open("csv:x")
	if _, err := shapes.Prepare(small); err == nil || !strings.Contains(err.Error(), "cannot be resized") {
		t.Errorf("shapes: error = %v", err)
	}
	if _, err := table.Prepare(Torchvision.Normalise(Preprocess{})); err == nil || !strings.Contains(err.Error(), "what size") {
		t.Errorf("photographs of no size: error = %v", err)
	}
	if _, err := table.Load(Test); err == nil || !strings.Contains(err.Error(), "no preprocessing") {
		t.Errorf("photographs not prepared: error = %v", err)
	}
}

// TestDecodeKinds: the same picture in every kind that the decoders return.
func TestDecodeKinds(t *testing.T) {
	grey := color.NRGBA{90, 90, 90, 255}
	gray := image.NewGray(image.Rect(0, 0, 6, 6))
	paletted := image.NewPaletted(image.Rect(0, 0, 6, 6), color.Palette{grey, color.White})
	deep := image.NewNRGBA64(image.Rect(0, 0, 6, 6))
	for i := range 36 {
		gray.Pix[i] = 90
		deep.SetNRGBA64(i%6, i/6, color.NRGBA64{90 * 257, 90 * 257, 90 * 257, 65535})
	}
	seeThrough := flat(6, 6, color.NRGBA{90, 90, 90, 40})
	for name, data := range map[string][]byte{
		"gray png": pngOf(t, gray), "palette": pngOf(t, paletted), "16 bits": pngOf(t, deep), "opaque": pngOf(t, flat(6, 6, grey)),
		"transparent": pngOf(t, seeThrough), "gray jpeg": jpegOf(t, gray), "jpeg": jpegOf(t, flat(6, 6, grey)),
	} {
		pixels := make([]uint8, 48)
		if err := decodePhoto(data, small, pixels); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i, v := range pixels {
			if v != 90 {
				t.Errorf("%s: byte %d is %d, want 90", name, i, v)
				break
			}
		}
	}
}

func TestChannelOrder(t *testing.T) {
	p := small
	p.Channels = BGR
	pixels := make([]uint8, 48)
	if err := decodePhoto(pngOf(t, flat(6, 6, color.NRGBA{1, 2, 3, 255})), p, pixels); err != nil {
		t.Fatal(err)
	}
	if pixels[0] != 3 || pixels[16] != 2 || pixels[32] != 1 {
		t.Errorf("planes begin with %d, %d, %d, want blue, green, red: 3, 2, 1", pixels[0], pixels[16], pixels[32])
	}
}

// claim is data, a PNG file, with a header (type IHDR, whose checksum follows
// its 13 bytes) that says other sizes.
func claim(data []byte, w, h uint32) []byte {
	data = slices.Clone(data)
	binary.BigEndian.PutUint32(data[16:], w)
	binary.BigEndian.PutUint32(data[20:], h)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

func TestDamagedPhotos(t *testing.T) {
	whole := pngOf(t, flat(40, 30, color.NRGBA{1, 2, 3, 255}))
	crop := Torchvision.Normalise(Preprocess{Crop: 36})
	for _, tt := range []struct {
		name string
		data []byte
		p    Preprocess
		want string
	}{
		{"nothing", nil, small, "unknown format"},
		{"text", []byte("not an image"), small, "unknown format"},
		{"truncated", whole[:len(whole)/2], small, "pixel data"},
		{"huge", claim(whole, 1<<20, 8), small, "no photograph"},
		{"large for its bytes", claim(whole, 8000, 8000), small, "no photograph"},
		{"long", claim(whole, 70000, 1), small, "no photograph"},
		{"smaller than the network takes", whole, crop, "40x30 pixels are fewer than the 36x36"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := decodePhoto(tt.data, tt.p, make([]uint8, 3*tt.p.Crop*tt.p.Crop))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
				t.Errorf("%d bytes allocated for a file of %d", n, len(tt.data))
			}
		})
	}
}

// TestMissingPhoto: the error names the file.
func TestMissingPhoto(t *testing.T) {
	d := photos{[]photoFile{{"none/a.jpg", 0}}, small}
	if _, err := d.Image(0, make([]uint8, 48)); err == nil || !strings.Contains(err.Error(), "none/a.jpg") {
		t.Errorf("error = %v, want one with the name", err)
	}
}

// TestImageNetCompatible reads real photographs: the pixels that a network gets
// are near those of the file, and their order is that of the table.
func TestImageNetCompatible(t *testing.T) {
	path := golden.Shared(t, "data", "imagenet-compatible", "labels.csv")
	s, err := Open("csv:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.Prepare(TensorFlow.Normalise(Preprocess{Resize: 256, Crop: 224})); err != nil {
		t.Fatal(err)
	}
	d, err := s.Load(Test)
	if err != nil {
		t.Fatal(err)
	}
	l := Batches(d, []int{0, 1, 999}, LoadOptions{Batch: 2, Threads: 2})
	var got []int
	for x, labels := range l.All() {
		if !x.Shape()[1:].Equal(tensor.Shape{3, 224, 224}) {
			t.Fatalf("images of %v", x.Shape())
		}
		got = append(got, labels...)
	}
	if l.Err() != nil || d.Len() != 1000 || len(got) != 3 || got[0] != 305 || got[1] != 883 {
		t.Errorf("%d images, labels %v, error %v; want 1000 and 305, 883, ...", d.Len(), got, l.Err())
	}
}

// FuzzPhoto: whatever the bytes, there is an image or an error.
func FuzzPhoto(f *testing.F) {
	m := flat(9, 7, color.NRGBA{200, 100, 50, 255})
	f.Add(pngOf(f, m))
	f.Add(jpegOf(f, m))
	f.Add(claim(pngOf(f, m), 1<<20, 1<<10))
	f.Fuzz(func(t *testing.T, data []byte) {
		pixels := make([]uint8, 48)
		if err := decodePhoto(data, small, pixels); err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Error("an error without words")
		}
	})
}

// FuzzLists: a table or list that is accepted names files below its folder.
func FuzzLists(f *testing.F) {
	f.Add("file,class\na.jpg,3\n")
	f.Add("a.jpg 3\nb/c.png 4\n")
	f.Add("class,file\n1,\"a\nb\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := parseCSV(strings.NewReader(text))
		list, err2 := parseList(strings.NewReader(text))
		if err == nil && len(rows) == 0 || err2 == nil && len(list) == 0 {
			t.Error("accepted without images")
		}
		for _, p := range append(rows, list...) {
			if !filepath.IsLocal(p.path) || p.label < 0 {
				t.Errorf("file %q of class %d", p.path, p.label)
			}
		}
	})
}

func BenchmarkPhoto(b *testing.B) {
	pix := noisy(500, 375)
	m := &image.RGBA{Pix: pix, Stride: 4 * 500, Rect: image.Rect(0, 0, 500, 375)}
	data := jpegOf(b, m)
	p := Torchvision.Normalise(Preprocess{Resize: 256, Crop: 224})
	pixels := make([]uint8, 3*224*224)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := decodePhoto(data, p, pixels); err != nil {
			b.Fatal(err)
		}
	}
}
