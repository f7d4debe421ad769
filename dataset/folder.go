package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// listName is the file that gives the classes of a folder of images, in the
// form of Caffe's ImageNet lists: a file name and a class from 0 on each line.
const listName = "val.txt"

// readFolder lists the images of a folder in either layout of ImageNet: a
// folder for each class, numbered in the order of their names, or one folder of
// images with a list of classes.
func readFolder(dir string) ([]photoFile, error) {
	classes, err := classFolders(dir)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if len(classes) == 0 {
		return readList(dir)
	}
	var files []photoFile
	for label, class := range classes {
		entries, err := os.ReadDir(filepath.Join(dir, class)) // sorted by name
		if err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		for _, e := range entries {
			if isPhoto(e) {
				files = append(files, photoFile{filepath.Join(dir, class, e.Name()), label})
			}
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no .jpg, .jpeg or .png files in its folders", dir)
	}
	return files, nil
}

// classFolders are the folders in dir, sorted.
func classFolders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func isPhoto(e fs.DirEntry) bool {
	return !e.IsDir() && slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(filepath.Ext(e.Name())))
}

func readList(dir string) ([]photoFile, error) {
	path := filepath.Join(dir, listName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: %s: neither a folder for each class nor a list %s of files and classes (from 0, in the order of the synset names)", dir, listName)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	files, err := parseList(f)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", path, err)
	}
	for i := range files {
		files[i].path = filepath.Join(dir, files[i].path)
	}
	return files, nil
}

// parseList returns the lines of a list, at least one, with names as they are
// there.
func parseList(r io.Reader) ([]photoFile, error) {
	var files []photoFile
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		words := strings.Fields(s.Text())
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("line %d has %d words, want a file name and a class", n, len(words))
		}
		f, err := photoOf(words[0], words[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		files = append(files, f)
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no images listed")
	}
	return files, nil
}
