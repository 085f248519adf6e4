package intake

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// lane is a part of a batch that is stored in a transaction of its own.
type lane struct {
	snapshots []db.Snapshot
	at        []int // where they stand in the batch
	beats     []customs.Heartbeat
}

// lanes divides a batch by checkpoints, so that no part waits for another: the
// database has the senders of one checkpoint follow one another. All lines of
// one registration go the same way, in their order, so that what becomes of
// them does not depend on the number of lanes. The largest checkpoints are
// given out first, each to the lane with the least.
func lanes(n int, snapshots []db.Snapshot, beats []customs.Heartbeat) []lane {
	lines := map[string]int{}
	for _, s := range snapshots {
		lines[s.Consignment.Checkpoint]++
	}
	for _, b := range beats {
		lines[b.Checkpoint]++
	}
	codes := slices.SortedFunc(maps.Keys(lines), func(a, b string) int {
		return cmp.Or(cmp.Compare(lines[b], lines[a]), cmp.Compare(a, b))
	})
	of := map[string]int{}
	load := make([]int, n)
	for _, code := range codes {
		least := slices.Index(load, slices.Min(load))
		of[code] = least
		load[least] += lines[code]
	}
	list := make([]lane, n)
	way := map[string]int{} // of a registration
	for i, s := range snapshots {
		to, known := way[s.Consignment.Registration]
		if !known {
			to = of[s.Consignment.Checkpoint]
			way[s.Consignment.Registration] = to
		}
		list[to].snapshots = append(list[to].snapshots, s)
		list[to].at = append(list[to].at, i)
	}
	for _, b := range beats {
		list[of[b.Checkpoint]].beats = append(list[of[b.Checkpoint]].beats, b)
	}
	return slices.DeleteFunc(list, func(l lane) bool { return len(l.snapshots)+len(l.beats) == 0 })
}

// sideBySide stores a batch of no sender's in several transactions at once.
// When one of them fails the others may have been stored: sent again, their
// lines are known already.
func (o Options) sideBySide(ctx context.Context, snapshots []db.Snapshot, beats []customs.Heartbeat) ([]db.Fate, error) {
	fates := make([]db.Fate, len(snapshots))
	g, ctx := errgroup.WithContext(ctx)
	for _, l := range lanes(o.Lanes, snapshots, beats) {
		g.Go(func() error {
			done, err := o.DB.StoreFeed(ctx, l.snapshots, l.beats)
			for i, fate := range done {
				fates[l.at[i]] = fate
			}
			return err
		})
	}
	return fates, g.Wait()
}
