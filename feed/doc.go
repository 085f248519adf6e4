// Package feed reads the checkpoints' feed: newline-delimited JSON, one
// [customs.Consignment] snapshot or one heartbeat a line. It validates while
// streaming, in bounded memory, and says of every line it does not accept which
// field is wrong and why. It knows neither network nor database.
//
// Three things are kept apart. A file that is not the format at all is an
// error. A line that breaks a rule is a [Record] with problems: the good lines
// around it stay good. A line that is usable but odd, such as an unknown status
// or a checkpoint not on the list, is a Record with warnings and counts as
// accepted, because goods must not vanish from a trader's list over a code that
// the portal has not learnt yet.
//
// The same rules stand in the JSON Schema that [Schema] returns, as far as a
// schema can say them.
package feed
