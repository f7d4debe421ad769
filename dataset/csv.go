package dataset

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// readCSV lists the images of a table whose first line names its columns, two
// of which are "file" and "class", a number from 0. Files lie beside the table,
// or in a folder images beside it.
func readCSV(path string) ([]photoFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer f.Close()
	rows, err := parseCSV(f)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", path, err)
	}
	dir := filepath.Dir(path)
	if images := filepath.Join(dir, "images"); isDir(images) {
		if _, err := os.Stat(filepath.Join(images, rows[0].path)); err == nil {
			dir = images
		}
	}
	for i := range rows {
		rows[i].path = filepath.Join(dir, rows[i].path)
	}
	return rows, nil
}

// parseCSV returns the rows of a table, at least one, with names as they are
// there.
func parseCSV(r io.Reader) ([]photoFile, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil && err != io.EOF {
		return nil, err
	}
	file, class := slices.Index(head, "file"), slices.Index(head, "class")
	if file < 0 || class < 0 {
		return nil, errors.New("the first line has no columns file and class")
	}
	var rows []photoFile
	for {
		record, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		row, err := photoOf(record[file], record[class])
		if err != nil {
			line, _ := c.FieldPos(file)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, errors.New("no images listed")
	}
	return rows, nil
}

// photoOf reads the name and the class of an image from a list. Names stay
// below the folder of the list.
func photoOf(name, class string) (photoFile, error) {
	name = filepath.FromSlash(name)
	if !filepath.IsLocal(name) {
		return photoFile{}, fmt.Errorf("file %q is not a name below the folder of the list", name)
	}
	label, err := strconv.ParseUint(class, 10, 31)
	if err != nil {
		return photoFile{}, fmt.Errorf("class %q is not a number from 0", class)
	}
	return photoFile{name, int(label)}, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
