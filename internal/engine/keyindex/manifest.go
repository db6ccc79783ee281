package keyindex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	manifestName    = "manifest"
	manifestMagic   = "sluice-keyindex"
	manifestVersion = 1
)

// Stamp says what an index is of. One of another stamp is of no use.
type Stamp struct {
	// Table is the address of the table, ID the id in its metadata.
	Table string `json:"table"`
	ID    string `json:"id"`
	// Layout says what the numbers of entries are made from.
	Layout string `json:"layout"`
}

// File is one that entries point into by its ordinal.
type File struct {
	Ordinal int64  `json:"ordinal"`
	Name    string `json:"name"`
	Rows    int64  `json:"rows"`
	// State is the owner's: which rows of the file were dead. Entries of these
	// may be missing.
	State json.RawMessage `json:"state,omitempty"`
}

// manifest is what counts of an index.
type manifest struct {
	Stamp Stamp `json:"stamp"`
	// Version of the table that the index was last brought to.
	Version int64  `json:"version"`
	Next    int64  `json:"next"`
	Files   []File `json:"files"`
	Runs    []Run  `json:"runs"`
}

func (m *manifest) encode() ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("%s %d %d %08x\n", manifestMagic, manifestVersion, len(body), crc32.Checksum(body, castagnoli))
	return append([]byte(head), body...), nil
}

func decodeManifest(data []byte) (*manifest, error) {
	head, body, found := bytes.Cut(data, []byte("\n"))
	want := fmt.Sprintf("%s %d %d %08x", manifestMagic, manifestVersion, len(body), crc32.Checksum(body, castagnoli))
	if !found || string(head) != want {
		return nil, damaged("its manifest is not whole, or of another version")
	}
	m := &manifest{}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, damaged("its manifest: %w", err)
	}
	return m, nil
}

// readManifest gives nil where there is none.
func readManifest(dir string) (*manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeManifest(data)
}

// write replaces the manifest. It is not flushed to the disk: after a power cut
// an older one, or none, is as good.
func (m *manifest) write(dir string) error {
	data, err := m.encode()
	if err != nil {
		return err
	}
	name := filepath.Join(dir, manifestName)
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
