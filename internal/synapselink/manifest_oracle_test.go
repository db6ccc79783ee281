package synapselink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// slowManifest is [ParseManifest] by encoding/json alone: what the quick way
// has to agree with.
func slowManifest(data []byte) (*Manifest, error) {
	data = trimText(data)
	dec := json.NewDecoder(bytes.NewReader(data))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, fmt.Errorf("%w: it is not a JSON object", ErrManifest)
	}
	m := &Manifest{}
	single, err := slowObject(m, dec)
	switch {
	case err != nil && len(m.Entities) == 0:
		return nil, fmt.Errorf("%w: no whole entity before byte %d: %w", ErrManifest, dec.InputOffset(), err)
	case err != nil:
		m.Truncated = true
	case single && len(m.Entities) == 0:
		var e jsonEntity
		if err := lenient(json.Unmarshal(data, &e)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrManifest, err)
		}
		m.Entities = append(m.Entities, e.entity())
	}
	return m, nil
}

// slowObject reads the keys of the top object. single tells that it has
// attributes of its own.
func slowObject(m *Manifest, dec *json.Decoder) (single bool, err error) {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return single, err
		}
		name, _ := key.(string)
		if strings.EqualFold(name, "entities") {
			err = slowEntities(m, dec)
		} else {
			single = single || strings.EqualFold(name, "attributes")
			var skipped json.RawMessage
			err = dec.Decode(&skipped)
		}
		if err != nil {
			return single, err
		}
	}
	_, err = dec.Token()
	return single, err
}

func slowEntities(m *Manifest, dec *json.Decoder) error {
	switch tok, err := dec.Token(); {
	case err != nil:
		return err
	case tok == nil: // null
		return nil
	case tok != json.Delim('['):
		return errors.New("entities is not a list")
	}
	for dec.More() {
		var e jsonEntity
		if err := lenient(dec.Decode(&e)); err != nil {
			return err
		}
		if e.Name != "" { // nothing could ask for one without
			m.Entities = append(m.Entities, e.entity())
		}
	}
	_, err := dec.Token()
	return err
}

// agree fails unless both ways read the same, the quick one with what pool knows.
func agree(t *testing.T, pool *schemaPool, data []byte) {
	t.Helper()
	want, slow := slowManifest(data)
	shared, quick := pool.parse(data)
	if (slow == nil) != (quick == nil) || !errors.Is(quick, ErrManifest) && quick != nil {
		t.Fatalf("%q: error %v, encoding/json says %v", data, quick, slow)
	}
	if slow != nil {
		return
	}
	if d := cmp.Diff(want, shared.public()); d != "" {
		t.Fatalf("%q (-want +got):\n%s", data, d)
	}
}

func TestManifestAgreesWithDecoder(t *testing.T) {
	var pool schemaPool
	for _, text := range []string{
		smallManifest, truncatedManifest,
		`{"entities":[{"name":"a","name":"b"},{"name":"b","attributes":[{"name":"x"}],"Attributes":[{"dataType":"y"}]}]}`,
		`{"entities":[{"n\u0061me":"\u0061","\u0061ttributes":[{"name":"x\ty"}]}],"entities":[{"name":"c"}]}`,
		`{"entities":[{"attributes":[{"name":"x"}],"annotations":[{"name":"Athena:InitialSyncState","value":1}],"name":"late"}]}`,
		`{"entities":[{"name":null,"attributes":null},{"name":5},{"name":"n","annotations":"none","attributes":{}}]}`,
		`{"entities":[{"name":"n","attributes":[5,"x",{"name":"y","maxLength":1e999},null]}]}`,
		"{\"entities\":[{\"name\":\"bad\xff\"}]}", `{"attributes":[],"name":"bare"} x`, `{"attributes":[],"name":"bare"}`,
		`{"entities":[{"name":"a"},]}`, `{"entities":[{"name":"a"}],}`, `{"entities":[{"name":"a"}] "b":1}`, `{"entities":[{"name":"a"} {"name":"b"}]}`,
		`{"entities":[{"name":"a"}],"n":[-0.5e+3,0,01]}`, `{"entities":[{"name":"a"}],"n":1.}`, `{"entities":[{"name":"a"}],"n":-}`,
		`{"entities":[{"name":"a"}],"s":"\x"}`, `{"entities":[{"name":"a"}],"s":"\u12g4"}`, "{\"entities\":[{\"name\":\"a\"}],\"s\":\"\n\"}",
		`{"entities":[{"name":"a"}],"s":nulL}`, `{"entities":[{"name":"a"}],"s":nullx}`, `{"entities":[{"name":"a"}],5:1}`, `{"entities":nothing}`,
		`{"entities":[{"name":"a"}],"deep":` + strings.Repeat("[", 2*maxJSONDepth) + strings.Repeat("]", 2*maxJSONDepth) + `}`,
		`{"entities":[{"name":"a"}],"deep":` + strings.Repeat("[", maxJSONDepth/2) + strings.Repeat("]", maxJSONDepth/2) + `}`,
	} {
		agree(t, &pool, []byte(text))
	}
}

// Each cut of a manifest, and each byte of it replaced, reads the same both ways.
func TestDamagedManifestAgreesWithDecoder(t *testing.T) {
	var pool schemaPool
	for n := range len(smallManifest) {
		agree(t, &pool, []byte(smallManifest[:n]))
		for _, c := range []byte("\"[]{},:\\x0 ") {
			damaged := []byte(smallManifest)
			damaged[n] = c
			agree(t, &pool, damaged)
		}
	}
}

// FuzzManifestAgrees reads one text after another, so that what the first one
// taught is met in the second.
func FuzzManifestAgrees(f *testing.F) {
	other := strings.Replace(smallManifest, `"Completed"`, `"InProgress"`, 1)
	f.Add([]byte(smallManifest), []byte(other))
	f.Add([]byte(`{"entities":[{"name":"a","attributes":[]}]}`), []byte(`{"entities":[{"name":"a","attributes":[]x}]}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var pool schemaPool
		agree(t, &pool, first)
		agree(t, &pool, second)
		agree(t, &pool, first)
	})
}
