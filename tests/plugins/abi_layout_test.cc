// The layout of ABI 1.0 and of what 1.1 and 1.2 appended, frozen: plugins that were built
// against them run for ever. A later minor version appends; it changes no number
// here.
#include <cstddef>

#include "gtest/gtest.h"
#include "plugins/sdk/policytrack_plugin.hpp"

namespace {

#define EXPECT_AT(type, field, offset) EXPECT_EQ(offsetof(type, field), size_t{offset})

TEST(AbiLayoutTest, Is64Bit) { static_assert(sizeof(void*) == 8 && sizeof(double) == 8); }

TEST(AbiLayoutTest, Host) {
  EXPECT_AT(pt_host_v1, struct_size, 0);
  EXPECT_AT(pt_host_v1, abi_minor, 4);
  EXPECT_GE(sizeof(pt_host_v1), 8u);
}

TEST(AbiLayoutTest, Plugin) {
  EXPECT_AT(pt_plugin_v1, struct_size, 0);
  EXPECT_AT(pt_plugin_v1, abi_minor, 4);
  EXPECT_AT(pt_plugin_v1, id, 8);
  EXPECT_AT(pt_plugin_v1, version, 16);
  EXPECT_AT(pt_plugin_v1, create, 24);
  EXPECT_AT(pt_plugin_v1, destroy, 32);
  EXPECT_AT(pt_plugin_v1, compute, 40);
  EXPECT_AT(pt_plugin_v1, window, 48);
  EXPECT_GE(sizeof(pt_plugin_v1), 56u);
}

TEST(AbiLayoutTest, Setup) {
  EXPECT_AT(pt_setup_v1, parameter_count, 4);
  EXPECT_AT(pt_setup_v1, input_count, 8);
  EXPECT_AT(pt_setup_v1, output_count, 12);
  EXPECT_AT(pt_setup_v1, parameters, 16);
  EXPECT_AT(pt_setup_v1, inputs, 24);
  EXPECT_AT(pt_setup_v1, outputs, 32);
  EXPECT_AT(pt_parameter_v1, type, 4);
  EXPECT_AT(pt_parameter_v1, name, 8);
  EXPECT_AT(pt_parameter_v1, number, 16);
  EXPECT_AT(pt_parameter_v1, text, 24);
  EXPECT_AT(pt_input_meta_v1, frequency, 4);
  EXPECT_AT(pt_input_meta_v1, accumulation, 8);
  EXPECT_AT(pt_input_meta_v1, periods_per_year, 16);
  EXPECT_AT(pt_input_meta_v1, slot, 24);
  EXPECT_AT(pt_input_meta_v1, unit, 32);
  EXPECT_AT(pt_input_meta_v1, unit_kind, 40);
  EXPECT_AT(pt_input_meta_v1, unit_factor, 48);
  EXPECT_AT(pt_message_v1, capacity, 4);
  EXPECT_AT(pt_message_v1, length, 8);
  EXPECT_AT(pt_message_v1, text, 16);
  EXPECT_AT(pt_window_v1, look_back, 8);
  EXPECT_AT(pt_window_v1, look_ahead, 16);
}

TEST(AbiLayoutTest, Call) {
  EXPECT_AT(pt_call_v1, input_count, 4);
  EXPECT_AT(pt_call_v1, output_count, 8);
  EXPECT_AT(pt_call_v1, axis_count, 16);
  EXPECT_AT(pt_call_v1, axis, 24);
  EXPECT_AT(pt_call_v1, inputs, 32);
  EXPECT_AT(pt_call_v1, outputs, 40);
  EXPECT_AT(pt_call_v1, window_first, 48);
  EXPECT_AT(pt_call_v1, window_last, 56);
  EXPECT_AT(pt_call_v1, cancel, 64);
  EXPECT_AT(pt_call_v1, deadline_ns, 72);
  EXPECT_AT(pt_column_v1, count, 8);
  EXPECT_AT(pt_column_v1, periods, 16);
  EXPECT_AT(pt_column_v1, values, 24);
  EXPECT_AT(pt_column_v1, flags, 32);
  EXPECT_AT(pt_output_v1, capacity, 8);
  EXPECT_AT(pt_output_v1, count, 16);
  EXPECT_AT(pt_output_v1, periods, 24);
  EXPECT_AT(pt_output_v1, values, 32);
  EXPECT_AT(pt_output_v1, flags, 40);
}

// What has grown since: a plugin of 1.0 does not look beyond what it knows.
TEST(AbiLayoutTest, Since11) {
  EXPECT_GE(PT_ABI_MINOR, 1);
  EXPECT_AT(pt_column_v1, part_count, 40);
  EXPECT_AT(pt_column_v1, parts, 48);
  EXPECT_AT(pt_column_v1, part_names, 56);
  EXPECT_GE(sizeof(pt_column_v1), 64u);
}

TEST(AbiLayoutTest, Since12) {
  EXPECT_GE(PT_ABI_MINOR, 2);
  EXPECT_AT(pt_input_meta_v1, year_start_month, 56);
  EXPECT_GE(sizeof(pt_input_meta_v1), 64u);
}

// A host of 1.1 made the meta: its year is the calendar year.
TEST(AbiLayoutTest, TheWrapperSeesNoFiscalYearOfAHostOf11) {
  pt_input_meta_v1 meta = {};
  meta.struct_size = sizeof(meta);
  meta.year_start_month = 4;
  EXPECT_EQ(policytrack_plugin::internal::YearStartMonth(meta), 4);
  meta.struct_size = offsetof(pt_input_meta_v1, year_start_month);
  EXPECT_EQ(policytrack_plugin::internal::YearStartMonth(meta), 1);
}

// A host of 1.0 made the column: what lies beyond its size is not looked at.
TEST(AbiLayoutTest, TheWrapperSeesNoPartsOfAHostOf10) {
  const int64_t period = 2020;
  const double value = 1;
  const uint16_t flags = 0;
  const char* name = "a";
  const pt_column_v1 part = {
      sizeof(pt_column_v1), 0, 1, &period, &value, &flags, 0, nullptr, nullptr};
  const pt_column_v1* parts = &part;
  pt_column_v1 column = part;
  column.part_count = 1;
  column.parts = &parts;
  column.part_names = &name;
  ASSERT_EQ(policytrack_plugin::Column(&column).parts().size(), 1u);
  EXPECT_STREQ(policytrack_plugin::Column(&column).parts()[0].name(), "a");
  column.struct_size = offsetof(pt_column_v1, part_count);
  column.part_count = 1000000;
  EXPECT_TRUE(policytrack_plugin::Column(&column).parts().empty());
}

TEST(AbiLayoutTest, Codes) {
  EXPECT_STREQ(PT_ENTRY_SYMBOL, "policytrack_plugin_v1");
  EXPECT_EQ(PT_ABI_MAJOR, 1);
  EXPECT_EQ(PT_OK, 0);
  EXPECT_EQ(PT_REFUSED, 1);
  EXPECT_EQ(PT_FAILED, 2);
  EXPECT_EQ(PT_CANCELLED, 3);
}

}  // namespace
