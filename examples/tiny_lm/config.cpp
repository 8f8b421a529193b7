// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "config.hpp"

#include <lowbit/core/error.hpp>
#include <lowbit/interop/file.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tiny_lm {
namespace {

using json = nlohmann::json;
using lb::errc;
using lb::fail;
using lb::message;

std::string shown(const json& value) {
  return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

const json& required(const json& all, const char* field) {
  const auto found = all.find(field);
  if (found == all.end()) fail(errc::bad_argument, field, "is missing from config.json");
  return *found;
}

index_t integer(const json& all, const char* field, index_t least, index_t most) {
  const json& value = required(all, field);
  const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() <= INT64_MAX;
  if (!fits || value.get<index_t>() < least || value.get<index_t>() > most)
    fail(errc::out_of_range, field,
         least == most ? message(shown(value), ", expected ", least)
                       : message(shown(value), ", expected an integer from ", least, " to ", most));
  return value.get<index_t>();
}

double positive(const json& all, const char* field, const char* most_text, double most) {
  const json& value = required(all, field);
  if (!value.is_number() || !(value.get<double>() > 0) || !(value.get<double>() <= most))
    fail(errc::out_of_range, field,
         message(shown(value), ", expected a number above 0 and at most ", most_text));
  return value.get<double>();
}

bool boolean(const json& all, const char* field) {
  const json& value = required(all, field);
  if (!value.is_boolean())
    fail(errc::bad_argument, field, message(shown(value), ", expected true or false"));
  return value.get<bool>();
}

/// A field that may be absent or null, but never say something else than what is computed here.
void only(const json& all, const char* field, const json& computed) {
  const auto found = all.find(field);
  if (found != all.end() && !found->is_null() && *found != computed)
    fail(errc::unsupported, field, message(shown(*found), ", expected ", shown(computed)));
}

void divides(const char* field, index_t value, const char* whole_field, index_t whole) {
  if (whole % value != 0)
    fail(errc::shape_mismatch, field,
         message(value, ", expected a divisor of ", whole_field, " = ", whole));
}

}  // namespace

config parse_config(std::string_view text) {
  const json all = json::parse(text, nullptr, false);
  if (all.is_discarded()) fail(errc::corrupted, "config.json", "is not valid JSON");
  if (!all.is_object()) fail(errc::corrupted, "config.json", "expected a JSON object");

  config c;
  c.hidden_size = integer(all, "hidden_size", 1, 1 << 16);
  c.intermediate_size = integer(all, "intermediate_size", 1, 1 << 18);
  c.num_hidden_layers = integer(all, "num_hidden_layers", 1, 1 << 10);
  c.num_attention_heads = integer(all, "num_attention_heads", 1, 1 << 10);
  c.num_key_value_heads = integer(all, "num_key_value_heads", 1, 1 << 10);
  c.vocab_size = integer(all, "vocab_size", 256, 256);
  c.max_position_embeddings = integer(all, "max_position_embeddings", 1, 1 << 20);
  c.rms_norm_eps = positive(all, "rms_norm_eps", "1", 1);
  c.rope_theta = positive(all, "rope_theta", "1e12", 1e12);
  c.tie_word_embeddings = boolean(all, "tie_word_embeddings");

  divides("num_attention_heads", c.num_attention_heads, "hidden_size", c.hidden_size);
  divides("num_key_value_heads", c.num_key_value_heads, "num_attention_heads",
          c.num_attention_heads);
  if (c.head_size() % 2 != 0)
    fail(errc::shape_mismatch, "num_attention_heads",
         message(c.num_attention_heads, " makes heads of ", c.head_size(),
                 ", expected an even size (rotary embedding turns pairs)"));

  only(all, "model_type", "llama");
  only(all, "hidden_act", "silu");
  only(all, "head_dim", c.head_size());
  only(all, "attention_bias", false);
  only(all, "mlp_bias", false);
  only(all, "rope_scaling", nullptr);
  return c;
}

config read_config(const std::string& file) {
  const std::vector<std::uint8_t> bytes = lb::read_file(file);
  return parse_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace tiny_lm
