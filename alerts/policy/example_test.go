package policy_test

import (
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts/policy"
)

// TestExample: the example has no mistakes, no row of it is hidden, and every
// key that a message names is in it.
func TestExample(t *testing.T) {
	p := parse(t, policy.Example)
	if told := p.Shadowed(); told != nil {
		t.Errorf("%s", strings.Join(told, "\n"))
	}
	if len(p.Hosts) == 0 || len(p.Exceptions) == 0 || len(p.Severities) == 0 {
		t.Errorf("%d, %d and %d rows", len(p.Hosts), len(p.Exceptions), len(p.Severities))
	}
	for _, table := range []string{"", "[[host]]\nrequire = \"none\"\n", "[[exception]]\n", "[[severity]]\n"} {
		_, err := policy.Parse("p.toml", []byte(table+"no-such-key = 1"), ids)
		_, keys, named := strings.Cut(err.Error(), "it may be ")
		if !named {
			t.Fatalf("%v names no keys", err)
		}
		for key := range strings.SplitSeq(strings.TrimSpace(keys), ", ") {
			if !strings.Contains(policy.Example, "\n"+key+" ") && !strings.Contains(policy.Example, "\n#   "+key+" ") {
				t.Errorf("%q is not explained", key)
			}
		}
	}
}
