package main

import (
	"net"

	"golang.org/x/sys/unix"
)

// limitUnsent has the kernel take no more of what is written than it will soon
// send (TCP_NOTSENT_LOWAT; Linux, ip-sysctl, tcp_notsent_lowat). A connection that
// cannot is served as it is.
func limitUnsent(c *net.TCPConn, bytes int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return // it is closed already
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, bytes)
	})
}
