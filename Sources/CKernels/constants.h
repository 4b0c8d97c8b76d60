/// Coefficients of the element-wise functions, shared by all tables.
///
/// exp(x) = 2^n exp(r) with n = round(x / ln 2) and r = x - n ln 2, ln 2 split in two so that n times its upper part is
/// exact (Cody and Waite). exp(r) on |r| <= ln(2)/2 and tanh(x) = x + x^3 p(x^2) on |x| < 0.625 are minimax polynomials
/// (Remez's algorithm, weighted for relative error) that Tests/ComputeTests/fit_polynomials.py computes.
/// tanh(x) = 1 - 2 / (exp(2x) + 1) beyond that.
///
/// Largest errors over all floats, in units in the last place: exp 1.02, tanh 1.34, sigmoid 1.48.
#pragma once

#define LOG2_E 0x1.715476p+0f
#define LN2_UPPER 0x1.62e4p-1f
#define LN2_LOWER 0x1.7f7d1cp-20f
/// Below this exp rounds to zero, above that to infinity.
#define EXP_LOWEST -104.0f
#define EXP_HIGHEST 89.0f
/// 1.5 * 2^23, and its bits.
#define ROUNDING_SHIFT 0x1.8p23f
#define ROUNDING_SHIFT_BITS 0x4b400000
#define EXP_2 0x1.fffffcp-2f
#define EXP_3 0x1.555492p-3f
#define EXP_4 0x1.5558f2p-5f
#define EXP_5 0x1.1239d4p-7f
#define EXP_6 0x1.6a244cp-10f

#define TANH_SWITCH 0.625f
/// Beyond this tanh rounds to 1.
#define TANH_LARGEST 9.1f
#define TANH_1 -0x1.555532p-2f
#define TANH_2 0x1.110726p-3f
#define TANH_3 -0x1.b83c5ap-5f
#define TANH_4 0x1.52269cp-6f
#define TANH_5 -0x1.75e1cep-8f
