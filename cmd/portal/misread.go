package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/alecthomas/kong"
)

// misread are the variables that cannot be read as what their setting is, by
// the setting. The library would stop at the first; here it goes on with the
// default, and all of them are told together with what else is wrong.
type misread map[*kong.Value]error

// find tries every variable that is set.
func (m misread) find(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			for _, name := range f.Tag.Envs {
				if text, set := os.LookupEnv(name); set {
					if err := readable(f, text); err != nil {
						m[f.Value] = fmt.Errorf("%s: %w", name, err)
						f.Help, f.Tag.Envs = kong.DefaultHelpValueFormatter(f.Value), nil
					}
					break
				}
			}
		}
		return next(nil)
	})
}

// readable tries to read a text as the value of a flag.
func readable(f *kong.Flag, text string) error {
	if f.Enum != "" && !f.EnumMap()[text] {
		return fmt.Errorf("%q is none of %q", text, f.EnumSlice())
	}
	scratch := reflect.New(f.Target.Type()).Elem()
	scan := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: text})
	return f.Mapper.Decode(&kong.DecodeContext{Value: f.Value, Scan: scan}, scratch)
}

// of are the mistakes among the settings of the command that was given, save
// those that a flag overrules.
func (m misread) of(given *kong.Context) error {
	overruled := map[*kong.Value]bool{}
	for _, p := range given.Path {
		if p.Flag != nil {
			overruled[p.Flag.Value] = true
		}
	}
	var all []error
	for _, group := range given.Selected().AllFlags(false) {
		for _, f := range group {
			if !overruled[f.Value] {
				all = append(all, m[f.Value])
			}
		}
	}
	return errors.Join(all...)
}

// wrongSettings is the one message about all that is wrong with them.
func wrongSettings(all ...error) error {
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("these settings are wrong:\n%w", err)
	}
	return nil
}
