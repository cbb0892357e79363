package model

// groups are the cases of a list, by their cause: members holds the numbers of
// the cases, group after group, and starts where each group begins. The first
// of a group stands for all. Groups, and cases in one, stand in the order of
// the list.
type groups struct {
	members, starts []int32
}

// fold puts n cases in groups. root gives what cases of one cause have in
// common.
func fold[K comparable](n int, root func(i int) K) groups {
	of := make([]int32, n) // the group of each case
	places := make(map[K]int32)
	var sizes []int32
	for i := range n {
		k := root(i)
		g, known := places[k]
		if !known {
			g = int32(len(sizes))
			places[k] = g
			sizes = append(sizes, 0)
		}
		of[i] = g
		sizes[g]++
	}
	gs := groups{members: make([]int32, n), starts: make([]int32, len(sizes))}
	for g := 1; g < len(sizes); g++ {
		gs.starts[g] = gs.starts[g-1] + sizes[g-1]
	}
	next := append([]int32(nil), gs.starts...)
	for i, g := range of {
		gs.members[next[g]] = int32(i)
		next[g]++
	}
	return gs
}

// flat makes a group of each of n cases.
func flat(n int) groups {
	gs := groups{members: make([]int32, n), starts: make([]int32, n)}
	for i := range int32(n) {
		gs.members[i], gs.starts[i] = i, i
	}
	return gs
}

// group returns the numbers of the cases of a group.
func (gs *groups) group(g int32) []int32 {
	if int(g) == len(gs.starts)-1 {
		return gs.members[gs.starts[g]:]
	}
	return gs.members[gs.starts[g]:gs.starts[g+1]]
}
