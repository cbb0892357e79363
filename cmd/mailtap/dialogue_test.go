package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// parseDialogue reads what two sides say to each other. "C: text" and "S:
// text" end with CRLF, "C- text" and "S- text" with nothing. Go's escapes are
// understood, and
//
//	{b64:text}    is the BASE64 of text
//	{hex:16 03}   these octets
//	{times:9:ab}  ab, nine times
//
// Each line is a segment of its own. A dialogue with lines "--" is cut there
// and where the side changes, and nowhere else.
func parseDialogue(text string) ([]segment, error) {
	marked := strings.Contains("\n"+text, "\n--\n")
	var list []segment
	joined := false // the next line joins the segment before it
	for number, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if line == "--" {
			joined = false
			continue
		}
		s, err := parseTurn(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", number+1, line, err)
		}
		if last := len(list) - 1; joined && list[last].server == s.server {
			list[last].data = append(list[last].data, s.data...)
		} else {
			list = append(list, s)
		}
		joined = marked
	}
	return list, nil
}

func parseTurn(line string) (segment, error) {
	if len(line) < 2 || line[0] != 'C' && line[0] != 'S' || line[1] != ':' && line[1] != '-' {
		return segment{}, fmt.Errorf(`want "C: ", "S: ", "C- " or "S- "`)
	}
	data, err := expand(strings.TrimPrefix(line[2:], " "))
	if line[1] == ':' {
		data = append(data, "\r\n"...)
	}
	return segment{server: line[0] == 'S', data: data}, err
}

// expand replaces escapes and what stands in braces. A brace that begins
// nothing known stands for itself: IMAP literals have them.
func expand(s string) ([]byte, error) {
	var out []byte
	for s != "" {
		kind, inner, rest, err := braces(s)
		if err != nil {
			return out, err
		}
		if kind == "" {
			r, multibyte, tail, err := strconv.UnquoteChar(s, 0)
			if err != nil {
				return out, fmt.Errorf("bad escape in %q", s)
			}
			if multibyte {
				out = append(out, string(r)...)
			} else {
				out = append(out, byte(r))
			}
			s = tail
			continue
		}
		if out, err = appendBraces(out, kind, inner); err != nil {
			return out, err
		}
		s = rest
	}
	return out, nil
}

// braces cuts what stands in braces off the beginning of s. They may nest.
func braces(s string) (kind, inner, rest string, err error) {
	for _, k := range []string{"b64", "hex", "times"} {
		after, found := strings.CutPrefix(s, "{"+k+":")
		if !found {
			continue
		}
		depth := 1
		for i, c := range []byte(after) {
			switch c {
			case '{':
				depth++
			case '}':
				depth--
			}
			if depth == 0 {
				return k, after[:i], after[i+1:], nil
			}
		}
		return "", "", "", fmt.Errorf("{%s: without }", k)
	}
	return "", "", "", nil
}

func appendBraces(out []byte, kind, inner string) ([]byte, error) {
	switch kind {
	case "hex":
		octets, err := hex.DecodeString(strings.ReplaceAll(inner, " ", ""))
		return append(out, octets...), err
	case "times":
		count, text, _ := strings.Cut(inner, ":")
		n, err := strconv.Atoi(count)
		if err != nil {
			return out, err
		}
		octets, err := expand(text)
		return append(out, strings.Repeat(string(octets), n)...), err
	}
	octets, err := expand(inner)
	return base64.StdEncoding.AppendEncode(out, octets), err
}
