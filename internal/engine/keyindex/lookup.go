package keyindex

import (
	"fmt"

	"golang.org/x/sync/errgroup"
)

// leastKeys is how many keys are worth a goroutine.
const leastKeys = 256

// Lookup hands on all entries of the keys, which are sorted and different. visit
// is called from several goroutines; its entry is good until it returns.
func (x *Index) Lookup(keys []Key, workers int, visit func(*Entry)) error {
	var group errgroup.Group
	part := max(leastKeys, (len(keys)+workers-1)/max(1, workers))
	for len(keys) > 0 {
		some := keys[:min(part, len(keys))]
		keys = keys[len(some):]
		group.Go(func() error {
			for _, r := range x.runs {
				if err := r.lookup(some, visit); err != nil {
					return fmt.Errorf("looking for keys in %s: %w", r.file.Name(), err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (r *run) lookup(keys []Key, visit func(*Entry)) error {
	it := r.iterator()
	var e Entry
	for i := range keys {
		if err := it.seek(&keys[i]); err != nil {
			return err
		}
		for {
			ok, err := it.next(&e)
			if err != nil {
				return err
			}
			if !ok || e.Key != keys[i] {
				break
			}
			visit(&e)
		}
	}
	return nil
}

// Scan hands on all entries, run by run.
func (x *Index) Scan(visit func(*Entry) error) error {
	var e Entry
	for _, r := range x.runs {
		it := r.iterator()
		if err := it.seek(nil); err != nil {
			return err
		}
		for {
			ok, err := it.next(&e)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if err := visit(&e); err != nil {
				return err
			}
		}
	}
	return nil
}
