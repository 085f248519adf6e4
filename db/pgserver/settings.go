package pgserver

import (
	"maps"
	"slices"
)

// port only names the socket file: the folder is the server's own.
const port = "5432"

// arguments are the command line of postgres. Settings go there and not into
// postgresql.conf, so that a folder made by an older portal runs with today's.
func (o Options) arguments(data, socket string) []string {
	set := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": socket,
		"port":                    port,
		"max_connections":         "100",
		"shared_buffers":          "128MB",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"log_line_prefix":         "",
		"logging_collector":       "off",
		// Statements and the DETAIL of an error quote values, and values are
		// personal data: the log must hold neither.
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
	}
	if o.Fast {
		maps.Copy(set, map[string]string{
			"fsync":              "off",
			"synchronous_commit": "off",
			"full_page_writes":   "off",
			"autovacuum":         "off", // it would hold the template database open
			"shared_buffers":     "64MB",
			"max_wal_size":       "128MB", // tests may live in memory
			"min_wal_size":       "32MB",
		})
	}
	maps.Copy(set, o.Settings)
	args := []string{"-D", data}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		args = append(args, "-c", name+"="+set[name])
	}
	return args
}
