package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor times in /proc: USER_HZ, 100 on Linux.
const tick = 10 * time.Millisecond

// cpuOf is the processor time that a process has used so far, of all its
// threads; zero where there is no /proc.
func cpuOf(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	used, _ := readStat(string(b))
	return used
}

// cpuOfChildren is the same for the children of a process that are there now:
// PostgreSQL's server processes.
func cpuOfChildren(parent int) time.Duration {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	var sum time.Duration
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended meanwhile
		}
		if used, ppid := readStat(string(b)); ppid == parent {
			sum += used
		}
	}
	return sum
}

// cpuOfFamily is the same for a process with the children that are there now and
// those that have ended.
func cpuOfFamily(pid int) time.Duration {
	sum := cpuOf(pid) + cpuOfChildren(pid)
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return sum
	}
	return sum + readEnded(string(b))
}

// readEnded takes the processor time of the children that have ended out of
// /proc/PID/stat.
func readEnded(s string) (used time.Duration) {
	fields := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(fields) < 15 {
		return 0
	}
	for _, f := range fields[13:15] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0
		}
		used += time.Duration(n) * tick
	}
	return used
}

// readStat takes processor time and parent out of /proc/PID/stat (proc(5)). The
// second field is a name in brackets that may hold anything.
func readStat(s string) (used time.Duration, parent int) {
	fields := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(fields) < 13 {
		return 0, 0
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0, 0
	}
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, 0
		}
		used += time.Duration(n) * tick
	}
	return used, parent
}
