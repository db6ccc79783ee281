package synapselink

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// jsonText walks over JSON text without decoding it. It is as strict as
// encoding/json, which decodes what is wanted of it; what it is for is that
// text which is known already can be passed over by comparing bytes, which no
// decoder allows.
type jsonText struct {
	data []byte
	pos  int
	// depth of the objects and lists around pos.
	depth int
}

// maxJSONDepth is where encoding/json refuses to go on, too.
const maxJSONDepth = 10_000

var errJSONCut = errors.New("the text ends in the middle")

// next passes over white space and shows the byte there, 0 at the end.
func (s *jsonText) next() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// unexpected is the error of a byte that does not belong at pos.
func (s *jsonText) unexpected() error {
	if s.pos >= len(s.data) {
		return errJSONCut
	}
	return fmt.Errorf("unexpected %q", s.data[s.pos])
}

// value passes over the next value and gives its text.
func (s *jsonText) value() ([]byte, error) {
	c := s.next()
	start := s.pos
	var err error
	switch {
	case c == '{':
		err = s.members(passMember)
	case c == '[':
		err = s.elements(passElement)
	case c == '"':
		err = s.str()
	case c == '-' || c-'0' <= 9:
		err = s.number()
	default:
		err = s.literal()
	}
	return s.data[start:s.pos], err
}

func passMember(s *jsonText, _ []byte) error { return passElement(s) }

func passElement(s *jsonText) error {
	_, err := s.value()
	return err
}

// members passes over an object; each gets its keys, without their quotes and
// as they are written, and has to pass over the value.
func (s *jsonText) members(each func(s *jsonText, key []byte) error) error {
	return s.list('}', func(s *jsonText) error {
		if s.next() != '"' {
			return s.unexpected()
		}
		start := s.pos + 1
		if err := s.str(); err != nil {
			return err
		}
		key := s.data[start : s.pos-1]
		if s.next() != ':' {
			return s.unexpected()
		}
		s.pos++
		return each(s, key)
	})
}

// elements passes over a list; each has to pass over one element.
func (s *jsonText) elements(each func(s *jsonText) error) error {
	return s.list(']', each)
}

// list passes over what stands between two brackets. pos is at the first.
func (s *jsonText) list(end byte, each func(s *jsonText) error) error {
	if s.depth++; s.depth > maxJSONDepth {
		return fmt.Errorf("more than %d levels", maxJSONDepth)
	}
	defer func() { s.depth-- }()
	s.pos++
	if s.next() == end {
		s.pos++
		return nil
	}
	for {
		if err := each(s); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.pos++
		case end:
			s.pos++
			return nil
		default:
			return s.unexpected()
		}
	}
}

// str passes over a string. pos is at its first quote.
func (s *jsonText) str() error {
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < ' ':
			return s.unexpected()
		}
	}
	return errJSONCut
}

// escape goes from a backslash to the last byte of its sequence.
func (s *jsonText) escape() error {
	s.pos++
	if s.pos >= len(s.data) || strings.IndexByte(`"\/bfnrtu`, s.data[s.pos]) < 0 {
		return s.unexpected()
	}
	if s.data[s.pos] != 'u' {
		return nil
	}
	for range 4 {
		s.pos++
		if s.pos >= len(s.data) || strings.IndexByte("0123456789abcdefABCDEF", s.data[s.pos]) < 0 {
			return s.unexpected()
		}
	}
	return nil
}

// number passes over -12.5e+3.
func (s *jsonText) number() error {
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.at('.') {
		s.pos++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if !s.at('e') && !s.at('E') {
		return nil
	}
	s.pos++
	if s.at('+') || s.at('-') {
		s.pos++
	}
	return s.digits()
}

// digits passes over one or more.
func (s *jsonText) digits() error {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	if s.pos == start {
		return s.unexpected()
	}
	return nil
}

func (s *jsonText) literal() error {
	for _, word := range []string{"null", "true", "false"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
			s.pos += len(word)
			return nil
		}
	}
	return s.unexpected()
}

func (s *jsonText) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }
