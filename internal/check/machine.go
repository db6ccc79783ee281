package check

import (
	"errors"
	"fmt"
	"os/exec"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Machine is what doctor compares: what the program wants with what there is.
type Machine struct {
	// Memory is the value of --memory, in bytes.
	Memory int64
	// Limit of the container's memory; 0 where there is none.
	Limit func() (int64, error)
	// GOMEMLIMIT is the environment variable.
	GOMEMLIMIT string
	// Temp is the folder for temporary files, Free what is free there.
	Temp string
	Free func(folder string) (int64, error)
	// Version describes the program.
	Version string
	// AzureCLI: a place is opened with credential: azure_cli. LookPath finds a
	// program.
	AzureCLI bool
	LookPath func(program string) (string, error)
}

// NewMachine is this one.
func NewMachine(memory int64, temp, version string, azureCLI bool, getenv func(string) string) Machine {
	return Machine{
		Memory: memory, Limit: containerLimit, GOMEMLIMIT: getenv("GOMEMLIMIT"), Temp: temp, Free: freeBytes,
		Version: version, AzureCLI: azureCLI, LookPath: exec.LookPath,
	}
}

// containerLimit is what the container may use before the system ends it.
func containerLimit() (int64, error) {
	limit, err := memlimit.FromCgroup()
	switch {
	case errors.Is(err, memlimit.ErrNoLimit), errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return int64(min(limit, 1<<62)), nil
}

// Machine looks at the machine that runs the program.
func (c *Checker) Machine(m Machine) []Step {
	s := &sequence{now: c.Now}
	s.side("memory", m.memory)
	s.side("disk", m.disk)
	if m.AzureCLI {
		s.side("azure cli", m.azureCLI)
	}
	s.side("version", func() Step { return pass(m.Version) })
	return s.steps
}

// headroom of the container's limit is for what no budget counts: the program
// itself, stacks, the page cache that the system counts in.
const headroom = 10 // per cent

func (m *Machine) memory() Step {
	limit, err := m.Limit()
	switch fits := limit / 100 * (100 - headroom); {
	case err != nil:
		return warn("MEMORY", "the container's memory limit cannot be read: "+err.Error(), "compare it with --memory "+bytesText(m.Memory))
	case limit > 0 && m.Memory > limit:
		return Step{State: Fail, Code: "MEMORY", Reason: fmt.Sprintf("--memory is %s, and the container may use %s: the system would end the program", bytesText(m.Memory), bytesText(limit)),
			Fix: "run with --memory " + bytesText(fits) + ", or give the container more"}
	case limit > 0 && m.Memory > fits:
		return warn("MEMORY", fmt.Sprintf("--memory is %s of the container's %s, which leaves little for the program itself", bytesText(m.Memory), bytesText(limit)),
			"run with --memory "+bytesText(fits)+", or give the container more")
	case m.GOMEMLIMIT != "":
		return warn("MEMORY", "GOMEMLIMIT="+m.GOMEMLIMIT+" has no effect: --memory decides, which is "+bytesText(m.Memory), "use --memory, and take the variable away")
	case limit == 0:
		return pass("--memory is " + bytesText(m.Memory) + "; the container sets no limit")
	}
	return pass(fmt.Sprintf("--memory is %s of the container's %s", bytesText(m.Memory), bytesText(limit)))
}

// leastFree leaves room to spill a table of a few gigabytes.
const leastFree = 5 << 30

func (m *Machine) disk() Step {
	free, err := m.Free(m.Temp)
	switch {
	case err != nil:
		return warn("DISK", fmt.Sprintf("what is free in %s cannot be told: %v", m.Temp, err), "see that the folder for temporary files (TMPDIR) exists and can be written")
	case free < leastFree:
		return warn("DISK", fmt.Sprintf("%s has %s free for temporary files", m.Temp, bytesText(free)),
			"make room, or name another folder with TMPDIR: large tables need more than "+bytesText(leastFree))
	}
	return pass(fmt.Sprintf("%s has %s free for temporary files", m.Temp, bytesText(free)))
}

func (m *Machine) azureCLI() Step {
	path, err := m.LookPath("az")
	if err != nil {
		return Step{State: Fail, Code: "NO_AZURE_CLI", Storage: true, Reason: "credential: azure_cli needs the program az, which is not on the PATH",
			Fix: "install the Azure CLI, or sign in in another way"}
	}
	return pass(path)
}

// bytesText is a size in the units of --memory.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1fGiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%dMiB", n>>20)
	}
	return fmt.Sprintf("%dB", n)
}
