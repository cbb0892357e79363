package model

import (
	"slices"
	"strings"
)

// MaxChoices is how many completions are given.
const MaxChoices = 20

// Complete returns the texts that may become of a filter of cases that is being
// typed: its last word completed by a key or a value. names gives the names
// known for a key that takes any value.
func Complete(text string, names func(key string) []string) []string {
	return caseLanguage.complete(text, names)
}

func (l *language[T]) complete(text string, names func(key string) []string) []string {
	begin := strings.LastIndexByte(text, ' ') + 1
	word := newWord(text[begin:], begin)
	head := text[:begin]
	if word.not {
		head += "-"
	}
	if word.key == "" {
		return completed(head, strings.ToLower(word.value), "", l.keyWords())
	}
	for _, k := range l.keys {
		if k.name != word.key {
			continue
		}
		value := word.value[strings.LastIndexByte(word.value, ',')+1:]
		choices := k.choices
		if choices == nil {
			choices = names(k.name)
		}
		return completed(strings.TrimSuffix(text, value), value, " ", choices)
	}
	return nil
}

func (l *language[T]) keyWords() (list []string) {
	for _, k := range l.keys {
		op := ":"
		if slices.Contains(k.operators, ">=") {
			op = ">="
		}
		list = append(list, k.name+op)
	}
	return list
}

// completed puts those of the choices behind head that begin with what was
// typed, then those that only have it. Nothing typed that is whole stays.
func completed(head, typed, end string, choices []string) (list []string) {
	add := func(fits func(choice string) bool) {
		for _, c := range choices {
			if len(list) < MaxChoices && fits(strings.ToLower(c)) && !strings.ContainsAny(c, ` "`) {
				list = append(list, head+c+end)
			}
		}
	}
	typed = strings.ToLower(typed)
	add(func(c string) bool { return strings.HasPrefix(c, typed) })
	if typed != "" {
		add(func(c string) bool { return !strings.HasPrefix(c, typed) && strings.Contains(c, typed) })
	}
	return list
}
