package state

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// File is the name of the history in its folder.
const File = "history.db"

// wait is how long a writer waits for another process.
const wait = 5 * time.Second

var (
	// ErrNone: there is no history in the folder.
	ErrNone = errors.New("there is no run history")
	// ErrDamaged: the file is no history, or part of it cannot be read.
	ErrDamaged = errors.New("the run history is damaged")
)

// Options of a store; zero values stand for the defaults in the comments.
type Options struct {
	// Keep is how long runs are kept. Default 90 days.
	Keep time.Duration
	// MaxRows of each table of the database. Default 100,000.
	MaxRows int
}

func (o Options) withDefaults() Options {
	o.Keep = cmp.Or(o.Keep, 90*24*time.Hour)
	o.MaxRows = cmp.Or(o.MaxRows, 100_000)
	return o
}

// Store is an open history.
type Store struct {
	path string
	opts Options
	db   *sql.DB
	file os.FileInfo // of what was opened, to know it again
	// damaged is where a history was moved that could not be read.
	damaged string
}

// Open opens the history of a folder for writing and makes what is missing. A
// damaged file is moved aside, see [Store.Damaged].
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	s := &Store{path: filepath.Join(dir, File), opts: o.withDefaults()}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the run history: make its folder: %w", err)
	}
	err := s.connect(ctx)
	if errors.Is(err, ErrDamaged) {
		err = s.renew(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open the run history %s: %w", s.path, err)
	}
	return s, nil
}

// OpenExisting opens the history of a folder for reading. It changes nothing;
// without a history the error is [ErrNone].
func OpenExisting(ctx context.Context, dir string) (*Store, error) {
	s := &Store{path: filepath.Join(dir, File), opts: Options{}.withDefaults()}
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s", ErrNone, dir)
	}
	db, err := sql.Open("sqlite", source(s.path, "rw"))
	if err != nil {
		return nil, fmt.Errorf("open the run history %s: %w", s.path, err)
	}
	db.SetMaxOpenConns(1)
	s.db = db
	if _, err := s.Runs(ctx, Filter{Limit: 1}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Damaged is the path to which Open or Write moved a history that could not be
// read, empty for none.
func (s *Store) Damaged() string { return s.damaged }

// Close ends the use of the history.
func (s *Store) Close() error { return s.db.Close() }

// source is how the driver is told what to open. It reads paths as parts of
// addresses, in which a question mark begins something else.
func source(path, mode string) string {
	path = filepath.ToSlash(path)
	if !filepath.IsAbs(path) {
		if abs, err := filepath.Abs(path); err == nil {
			path = filepath.ToSlash(abs)
		}
	}
	if path[0] != '/' {
		path = "/" + path // C:/…
	}
	address := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"mode": {mode},
		// Transactions that write say so at their beginning: one that finds out
		// later that another writes cannot wait for it.
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()),
			"foreign_keys(1)",
		},
	}.Encode()}
	return address.String()
}

//go:embed migrations/*.sql
var migrations embed.FS

// connect opens the file and brings its schema up to date.
func (s *Store) connect(ctx context.Context) error {
	db, err := sql.Open("sqlite", source(s.path, "rwc"))
	if err != nil {
		return err
	}
	// One connection: SQLite has one writer, and more would only wait for it.
	db.SetMaxOpenConns(1)
	if err = probe(ctx, db); err == nil {
		err = judged(migrate(ctx, db))
	}
	s.file, _ = os.Stat(s.path) // without one there is nothing to know again
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.db = db
	return nil
}

// probe looks for damage before goose does, which would try for seconds. What
// else is wrong, such as that there is no table yet, is for goose to meet.
func probe(ctx context.Context, db *sql.DB) error {
	for _, q := range []string{`SELECT count(*) FROM sqlite_master`, `SELECT count(*) FROM goose_db_version`} {
		var n int
		if err := judged(db.QueryRowContext(ctx, q).Scan(&n)); errors.Is(err, ErrDamaged) {
			return err
		}
	}
	return nil
}

// migrateTries: of two processes that make the same schema at once, one finds it
// made, and has nothing left to do when it looks again.
const migrateTries = 3

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	for range migrateTries {
		if _, err = provider.Up(ctx); err == nil || ctx.Err() != nil || errors.Is(judged(err), ErrDamaged) {
			break
		}
	}
	return err
}

// judged marks the errors by which SQLite says that the file is not one of its
// own, or not whole.
func judged(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return err
}
