package main

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

// TestMain lets the test's program be a launcher, and what is launched.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case launchArgument:
			os.Exit(launch(os.Args[2:]))
		case sayArgument:
			os.Exit(say(os.Args[2], os.Args[3]))
		}
	}
	os.Exit(m.Run())
}

const sayArgument = "say"

// say prints a line to both streams and ends with a code.
func say(line, code string) int {
	fmt.Println(line)
	fmt.Fprintln(os.Stderr, "warning\nSomeError: "+line+"\n\tat a place")
	n, err := strconv.Atoi(code)
	if err != nil {
		return 1
	}
	return n
}
