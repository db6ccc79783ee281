package cli

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// eventfulKey is the Id of a table with the most different rows in the folders:
// one worth explaining. It is empty where there is none.
func eventfulKey(export string, folders []string, table string) (string, error) {
	rows := map[string]map[string]bool{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(export, folder, table, "*.csv"))
		if err != nil {
			return "", fmt.Errorf("list the files of %s: %w", table, err)
		}
		for _, file := range files {
			if err := collectKeys(file, rows); err != nil {
				return "", fmt.Errorf("read %s: %w", file, err)
			}
		}
	}
	best := ""
	for key := range rows {
		if best == "" || cmp.Or(cmp.Compare(len(rows[best]), len(rows[key])), strings.Compare(key, best)) < 0 {
			best = key
		}
	}
	return best, nil
}

// collectKeys notes the rows of a file by their Id, the first column.
func collectKeys(file string, rows map[string]map[string]bool) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		key := record[0]
		if rows[key] == nil {
			rows[key] = map[string]bool{}
		}
		rows[key][strings.Join(record, "\x00")] = true
	}
}
