package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// cost of one process and those that it started and waited for, as the operating
// system accounts it.
type cost struct {
	Wall    time.Duration `json:"wall"`
	CPU     time.Duration `json:"cpu"`
	Apply   time.Duration `json:"apply"`   // what the process itself says its work took, without its start; 0: it says nothing
	Peak    int64         `json:"peak"`    // bytes, of the largest process
	Written int64         `json:"written"` // bytes of files that are new or have changed
}

// measure runs a command to its end, through a launcher.
func measure(ctx context.Context, command ...string) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{launchArgument}, command...)...) //nolint:gosec // the bench's own commands
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	cmd.WaitDelay = waitDelay
	inGroup(cmd)
	said, tell, err := os.Pipe()
	if err != nil {
		return cost{}, err
	}
	defer said.Close()
	cmd.ExtraFiles = []*os.File{tell}
	err = cmd.Start()
	if cerr := tell.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return cost{}, err
	}
	var c cost
	unsaid := json.NewDecoder(said).Decode(&c)
	if err := cmd.Wait(); err != nil {
		return c, fmt.Errorf("%w: %.300s", err, cmp.Or(cause(complaints.String()), lastLine(out.String())))
	}
	var own struct {
		Apply float64 `json:"apply_seconds"`
	}
	if json.Unmarshal([]byte(lastLine(out.String())), &own) == nil {
		c.Apply = time.Duration(own.Apply * float64(time.Second))
	}
	return c, unsaid
}

const (
	// launchArgument makes this program a launcher.
	launchArgument = "launch"
	// launchFile is the launcher's file for the cost.
	launchFile = 3
	// waitDelay is how long a process that was stopped may keep others that hold its
	// output, such as Spark's Java.
	waitDelay = 10 * time.Second
)

// launch runs a command, and tells its cost. A process is born with the peak of the
// one that starts it, and the bench itself may have grown large: hence the small one
// in between.
func launch(command []string) int {
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // the bench's own commands; the bench ends the group
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	began := time.Now()
	err := cmd.Run()
	c := cost{Wall: time.Since(began)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.Peak = peakBytes(cmd.ProcessState)
	if err := json.NewEncoder(os.NewFile(launchFile, "cost")).Encode(c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// cause is the line of what a program complains that tells most: of a traceback of
// Python or Java the last that names an error.
func cause(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range slices.Backward(lines) {
		if named := strings.Contains(line, "Error") || strings.Contains(line, "Exception"); named && line[0] != ' ' && line[0] != '\t' {
			return line
		}
	}
	return lines[len(lines)-1]
}

// median of each figure for itself; the peak is the highest.
func median(costs []cost) cost {
	pick := func(of func(cost) int64) int64 {
		values := make([]int64, len(costs))
		for i, c := range costs {
			values[i] = of(c)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	peak := int64(0)
	for _, c := range costs {
		peak = max(peak, c.Peak)
	}
	return cost{
		Wall:    time.Duration(pick(func(c cost) int64 { return int64(c.Wall) })),
		CPU:     time.Duration(pick(func(c cost) int64 { return int64(c.CPU) })),
		Apply:   time.Duration(pick(func(c cost) int64 { return int64(c.Apply) })),
		Written: pick(func(c cost) int64 { return c.Written }),
		Peak:    peak,
	}
}
