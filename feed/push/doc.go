// Package push delivers files of the feed to a portal: each line of each file,
// in order, again after every break, and what was acknowledged is noted in a
// journal before anything else happens. Since a line that arrives twice changes
// nothing, "at least once" is as good as "exactly once". It never deletes a
// file.
package push
