package local

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage"
)

// factLog gathers facts in any order and gives them back key by key. Facts are
// parted by key; what exceeds the memory limit goes to files, and at the end one
// part at a time is in memory. add is safe for concurrent use.
type factLog struct {
	dir   string // for spilled parts
	limit int    // facts in memory

	mu    sync.Mutex
	parts [factParts]factPart
	held  int
	total int64
}

const factParts = 64

type factPart struct {
	facts []change.Fact
	file  *os.File // nil until spilled
	named bool     // its name is still there
	count int64    // facts in the file
}

const factBytes = int(unsafe.Sizeof(change.Fact{}))

func newFactLog(dir string, maxBytes int64) *factLog {
	return &factLog{dir: dir, limit: max(16, int(maxBytes)/factBytes)}
}

func (l *factLog) add(facts ...change.Fact) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range facts {
		part := &l.parts[partOf(&facts[i].Key)]
		part.facts = append(part.facts, facts[i])
	}
	l.held += len(facts)
	l.total += int64(len(facts))
	if l.held < l.limit {
		return nil
	}
	return l.spill()
}

// partOf mixes all bytes: the Ids of F&O rows are alike in most of them.
func partOf(k *change.Key) int {
	h := (binary.LittleEndian.Uint64(k[:8]) ^ binary.BigEndian.Uint64(k[8:])) * 0x9E3779B97F4A7C15
	return int(h >> 58)
}

func (l *factLog) spill() error {
	for i := range l.parts {
		if err := l.parts[i].spill(l.dir); err != nil {
			if errors.Is(err, syscall.ENOSPC) {
				err = fmt.Errorf("%w (%w)", storage.ErrNoSpace, err)
			}
			return fmt.Errorf("writing keys aside in %s: %w; give that folder room, or Sluice more --memory", l.dir, err)
		}
	}
	l.held = 0
	return nil
}

func (p *factPart) spill(dir string) error {
	if len(p.facts) == 0 {
		return nil
	}
	if p.file == nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		file, err := os.CreateTemp(dir, "sluice-keys-*")
		if err != nil {
			return err
		}
		p.file = file
		// Where the system lets a file live on without its name, not even a
		// kill leaves it behind.
		p.named = os.Remove(file.Name()) != nil
	}
	w := bufio.NewWriterSize(p.file, 64<<10)
	var record [spilledBytes]byte
	for i := range p.facts {
		encodeFact(&p.facts[i], &record)
		if _, err := w.Write(record[:]); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	p.count += int64(len(p.facts))
	p.facts = p.facts[:0]
	return nil
}

// eachKey calls visit with all facts of one key, keys in byte order within a
// part. visit may change the facts.
func (l *factLog) eachKey(visit func(facts []change.Fact) error) error {
	var buf []change.Fact
	for i := range l.parts {
		facts, err := l.parts[i].load(buf[:0])
		if err != nil {
			return fmt.Errorf("reading back keys from %s: %w", l.dir, err)
		}
		slices.SortFunc(facts, func(a, b change.Fact) int { return bytes.Compare(a.Key[:], b.Key[:]) })
		for start := 0; start < len(facts); {
			end := start + 1
			for end < len(facts) && facts[end].Key == facts[start].Key {
				end++
			}
			if err := visit(facts[start:end]); err != nil {
				return err
			}
			start = end
		}
		buf = facts
	}
	return nil
}

func (p *factPart) load(buf []change.Fact) ([]change.Fact, error) {
	buf = append(buf, p.facts...)
	if p.file == nil {
		return buf, nil
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(p.file, 64<<10)
	var record [spilledBytes]byte
	for range p.count {
		if _, err := io.ReadFull(r, record[:]); err != nil {
			return nil, err
		}
		buf = append(buf, decodeFact(&record))
	}
	_, err := p.file.Seek(0, io.SeekEnd)
	return buf, err
}

// close removes what was spilled.
func (l *factLog) close() error {
	var errs []error
	for i := range l.parts {
		if f := l.parts[i].file; f != nil {
			errs = append(errs, f.Close())
			if l.parts[i].named {
				errs = append(errs, os.Remove(f.Name()))
			}
			l.parts[i].file = nil
		}
	}
	return errors.Join(errs...)
}

// A spilled fact, little endian:
//
//	key 16 | version 8 | modified 8 | folder 8 | first 8 | offset 8 | end 8 | ref 8 | file 4 | flags 1
const spilledBytes = 77

const (
	flagDelete = 1 << iota
	flagUnversioned
	flagInTable
)

func encodeFact(f *change.Fact, b *[spilledBytes]byte) {
	copy(b[:16], f.Key[:])
	for i, v := range [...]int64{f.Version, f.Modified, f.Folder, f.First, f.Offset, f.End, int64(f.Ref)} {
		binary.LittleEndian.PutUint64(b[16+8*i:], uint64(v))
	}
	binary.LittleEndian.PutUint32(b[72:], uint32(f.File))
	b[76] = 0
	for _, flag := range [...]struct {
		on  bool
		bit byte
	}{{f.Delete, flagDelete}, {f.Unversioned, flagUnversioned}, {f.InTable, flagInTable}} {
		if flag.on {
			b[76] |= flag.bit
		}
	}
}

func decodeFact(b *[spilledBytes]byte) change.Fact {
	var f change.Fact
	copy(f.Key[:], b[:16])
	var ref int64
	for i, v := range [...]*int64{&f.Version, &f.Modified, &f.Folder, &f.First, &f.Offset, &f.End, &ref} {
		*v = int64(binary.LittleEndian.Uint64(b[16+8*i:]))
	}
	f.Ref = uint64(ref)
	f.File = int32(binary.LittleEndian.Uint32(b[72:]))
	f.Delete = b[76]&flagDelete != 0
	f.Unversioned = b[76]&flagUnversioned != 0
	f.InTable = b[76]&flagInTable != 0
	return f
}
