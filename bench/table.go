package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// spread is the median of some figures and their range.
type spread struct{ median, low, high float64 }

func spreadOf(figures []float64) spread {
	s := slices.Sorted(slices.Values(figures))
	if len(s) == 0 {
		return spread{}
	}
	middle := s[len(s)/2]
	if len(s)%2 == 0 {
		middle = (s[len(s)/2-1] + middle) / 2
	}
	return spread{middle, s[0], s[len(s)-1]}
}

// ratios divides figures of the same rounds.
func ratios(of, to []float64) []float64 {
	out := make([]float64, len(of))
	for i := range of {
		out[i] = of[i] / to[i]
	}
	return out
}

// table prints lines of cells under a headline.
func table(out io.Writer, title string, lines [][]string) error {
	if _, err := fmt.Fprintln(out, title); err != nil {
		return err
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range lines {
		for _, cell := range line {
			fmt.Fprint(t, cell, "\t")
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}
