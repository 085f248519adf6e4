package db

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// columns turns rows into the arrays that one INSERT … SELECT FROM unnest(…)
// takes, so that a batch of any size is one statement.
type columns struct {
	cols []any
	rows int
}

func (c *columns) add(row ...any) {
	if c.cols == nil {
		c.cols = make([]any, len(row))
	}
	for i, v := range row {
		switch v := v.(type) {
		case string:
			grow(&c.cols[i], v)
		case int64:
			grow(&c.cols[i], v)
		case int32:
			grow(&c.cols[i], v)
		case int16:
			grow(&c.cols[i], v)
		case bool:
			grow(&c.cols[i], v)
		case []byte:
			grow(&c.cols[i], v)
		case time.Time:
			grow(&c.cols[i], v)
		case *int64:
			grow(&c.cols[i], v)
		case *time.Time:
			grow(&c.cols[i], v)
		default:
			panic("db: no array for this type of column")
		}
	}
	c.rows++
}

func grow[T any](col *any, v T) {
	list, _ := (*col).([]T)
	list = append(list, v)
	*col = list
}

// queue runs the statement with the arrays and more parameters behind them, if
// there are rows, and hands on how many rows it changed.
func (c *columns) queue(b *pgx.Batch, sql string, done func(pgconn.CommandTag) error, more ...any) {
	if c.rows > 0 {
		b.Queue(sql, append(c.cols, more...)...).Exec(done)
	}
}
