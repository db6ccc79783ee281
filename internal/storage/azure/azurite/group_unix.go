//go:build unix

package azurite

import (
	"os"
	"syscall"
)

// ownGroup puts the server into a process group of its own, so that an
// interrupt at the terminal is not meant for it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends all processes of the group; that it is gone already is fine.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
