// What Swift can't import of hdf5.h: macros that call functions, and functions that are renamed by macros.
#pragma once
#include <hdf5.h>

// Element types in files, of both byte orders, and in memory.
static inline hid_t shim_float32_little(void) { return H5T_IEEE_F32LE; }
static inline hid_t shim_float32_big(void) { return H5T_IEEE_F32BE; }
static inline hid_t shim_float32_native(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t shim_float64_little(void) { return H5T_IEEE_F64LE; }
static inline hid_t shim_float64_big(void) { return H5T_IEEE_F64BE; }
static inline hid_t shim_float64_native(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t shim_int32_little(void) { return H5T_STD_I32LE; }
static inline hid_t shim_int32_big(void) { return H5T_STD_I32BE; }
static inline hid_t shim_int32_native(void) { return H5T_NATIVE_INT32; }
static inline hid_t shim_int64_little(void) { return H5T_STD_I64LE; }
static inline hid_t shim_int64_big(void) { return H5T_STD_I64BE; }
static inline hid_t shim_int64_native(void) { return H5T_NATIVE_INT64; }
static inline hid_t shim_uint8_little(void) { return H5T_STD_U8LE; }
static inline hid_t shim_uint8_big(void) { return H5T_STD_U8BE; }
static inline hid_t shim_uint8_native(void) { return H5T_NATIVE_UINT8; }
static inline hid_t shim_uint16_little(void) { return H5T_STD_U16LE; }
static inline hid_t shim_uint16_big(void) { return H5T_STD_U16BE; }
static inline hid_t shim_uint16_native(void) { return H5T_NATIVE_UINT16; }
static inline hid_t shim_c_string(void) { return H5T_C_S1; }
static inline size_t shim_variable_length(void) { return H5T_VARIABLE; }

// Classes of property lists.
static inline hid_t shim_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t shim_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t shim_group_creation(void) { return H5P_GROUP_CREATE; }
static inline hid_t shim_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline hid_t shim_transfer(void) { return H5P_DATASET_XFER; }

// Ways to open a file.
static inline unsigned shim_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned shim_truncate(void) { return H5F_ACC_TRUNC; }

// H5Lget_info has another name in each version of the library.
static inline H5L_type_t shim_link_type(hid_t location, const char *name) {
  H5L_info_t info;
  return H5Lget_info(location, name, &info, H5P_DEFAULT) < 0 ? H5L_TYPE_ERROR : info.type;
}
