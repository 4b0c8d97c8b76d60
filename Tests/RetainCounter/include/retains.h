/// Counts how often Swift code counts a reference up.
#pragma once

/// On this thread since it began; -1 where nobody counts.
long retains_count(void);
