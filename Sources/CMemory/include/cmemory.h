// Allocations that the system refuses end the process with exit code 71 and a line: neither Swift's runtime nor anybody else
// here has another way on. Linking this target is all there is to do.
#pragma once
