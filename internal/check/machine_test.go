package check

import (
	"errors"
	"testing"
)

func TestMachine(t *testing.T) {
	good := Machine{
		Memory: 1 << 30, Limit: func() (int64, error) { return 0, nil }, Temp: "/tmp", Version: "sluice/1.2.3",
		Free: func(string) (int64, error) { return 20 << 30, nil }, LookPath: func(string) (string, error) { return "/usr/bin/az", nil },
	}
	limit := func(n int64) func() (int64, error) { return func() (int64, error) { return n, nil } }
	tests := []struct {
		name   string
		change func(*Machine)
		want   string
	}{
		{"no container", func(*Machine) {}, `
pass memory: --memory is 1.0GiB; the container sets no limit
pass disk: /tmp has 20.0GiB free for temporary files
pass version: sluice/1.2.3`},
		{"large container", func(m *Machine) { m.Limit, m.AzureCLI = limit(4<<30), true }, `
pass memory: --memory is 1.0GiB of the container's 4.0GiB
pass disk: /tmp has 20.0GiB free for temporary files
pass azure cli: /usr/bin/az
pass version: sluice/1.2.3`},
		{"small container, no disk, no az", func(m *Machine) {
			m.Limit, m.AzureCLI = limit(512<<20), true
			m.Free = limit2(1 << 20)
			m.LookPath = func(string) (string, error) { return "", errors.New("not found") }
		}, `
fail memory: [MEMORY] --memory is 1.0GiB, and the container may use 512MiB: the system would end the program
  -> run with --memory 460MiB, or give the container more
warn disk: [DISK] /tmp has 1MiB free for temporary files
  -> make room, or name another folder with TMPDIR: large tables need more than 5.0GiB
fail azure cli: [NO_AZURE_CLI] credential: azure_cli needs the program az, which is not on the PATH
  -> install the Azure CLI, or sign in in another way
pass version: sluice/1.2.3`},
		{"tight container, disk unknown", func(m *Machine) {
			m.Limit = limit(1<<30 + 1)
			m.Free = func(string) (int64, error) { return 0, errors.New("no such folder") }
		}, `
warn memory: [MEMORY] --memory is 1.0GiB of the container's 1.0GiB, which leaves little for the program itself
  -> run with --memory 921MiB, or give the container more
warn disk: [DISK] what is free in /tmp cannot be told: no such folder
  -> see that the folder for temporary files (TMPDIR) exists and can be written
pass version: sluice/1.2.3`},
		{"variable without effect", func(m *Machine) { m.GOMEMLIMIT = "2GiB" }, `
warn memory: [MEMORY] GOMEMLIMIT=2GiB has no effect: --memory decides, which is 1.0GiB
  -> use --memory, and take the variable away
pass disk: /tmp has 20.0GiB free for temporary files
pass version: sluice/1.2.3`},
		{"limit unknown", func(m *Machine) { m.Limit = func() (int64, error) { return 0, errors.New("not readable") } }, `
warn memory: [MEMORY] the container's memory limit cannot be read: not readable
  -> compare it with --memory 1.0GiB
pass disk: /tmp has 20.0GiB free for temporary files
pass version: sluice/1.2.3`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := good
			tt.change(&m)
			compare(t, checker(true).Machine(m), tt.want)
		})
	}
}

func limit2(n int64) func(string) (int64, error) {
	return func(string) (int64, error) { return n, nil }
}

func TestThisMachine(t *testing.T) {
	m := NewMachine(1<<30, t.TempDir(), "v", false, func(string) string { return "" })
	if free, err := m.Free(m.Temp); err != nil || free <= 0 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	if limit, err := m.Limit(); err != nil || limit < 0 {
		t.Errorf("limit %d, %v", limit, err)
	}
}
