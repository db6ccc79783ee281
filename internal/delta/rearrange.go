package delta

// rearranges: the changes put rows of some files into others and alter none. Such
// a commit can follow any other that leaves its files, with the vectors that they
// had, alone: a vector that changed shows as a remove of the file.
func (c *Changes) rearranges() bool {
	if len(c.Removes) == 0 || c.Protocol != nil || c.Metadata != nil {
		return false
	}
	for i := range c.Removes {
		if c.Removes[i].DataChange {
			return false
		}
	}
	for i := range c.Adds {
		if c.Adds[i].DataChange {
			return false
		}
	}
	return true
}
