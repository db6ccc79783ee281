package delta

import (
	"context"

	"github.com/sluicedata/sluice/internal/storage"
)

// parallelReads bounds the files of a log that are fetched at once. Their
// latency, not their size, is what loading a table from a cloud store waits for.
const parallelReads = 8

// readAhead reads whole files, several at once, and hands them over in order.
// The first error ends it; nothing is running any more when it returns.
func readAhead(ctx context.Context, store storage.Store, paths []string, use func(i int, data []byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		data []byte
		err  error
	}
	results := make([]chan result, len(paths))
	start := func(i int) {
		if i >= len(paths) {
			return
		}
		results[i] = make(chan result, 1)
		go func() {
			data, err := storage.ReadAll(ctx, store, paths[i])
			results[i] <- result{data, err}
		}()
	}
	for i := range parallelReads {
		start(i)
	}
	var failed error
	for i := range paths {
		if results[i] == nil {
			break
		}
		got := <-results[i]
		if failed == nil {
			if failed = got.err; failed == nil {
				failed = use(i, got.data)
			}
		}
		if failed != nil {
			cancel()
			continue
		}
		start(i + parallelReads)
	}
	cancel()
	return failed
}
