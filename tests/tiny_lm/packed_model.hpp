// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "config_text.hpp"
#include "random_model.hpp"
#include "saved_model.hpp"
#include "session.hpp"
#include "support/temporary_folder.hpp"

namespace tiny_lm_test {

/// A small random checkpoint, quantized and saved in any format.
class packed_model {
 public:
  packed_model()
      : sizes_(tiny_lm::parse_config(config_text()
                                         .set("hidden_size", "72")
                                         .set("num_attention_heads", "6")
                                         .set("num_key_value_heads", "3")
                                         .set("intermediate_size", "100")
                                         .text())),
        random_(sizes_, dtype::f16) {
    random_.write(folder_ / "model.safetensors");
  }

  const tiny_lm::config& sizes() const { return sizes_; }
  random_model& weights() { return random_; }
  std::string file(const tiny_lm::weight_format& f) const {
    return folder_ / (std::string(f.name) + ".safetensors");
  }
  tiny_lm::saved_model save(const tiny_lm::weight_format& f) const {
    return tiny_lm::save_model(sizes_,
                               tiny_lm::open_checkpoint(sizes_, folder_ / "model.safetensors"), f,
                               file(f), lowbit::thread_pool{1});
  }
  tiny_lm::model load(const tiny_lm::weight_format& f,
                      tiny_lm::activations input = tiny_lm::activations::real) const {
    return tiny_lm::load_model(sizes_, file(f), f, input);
  }

  /// The logits of some random bytes.
  static std::vector<float> logits_of(const tiny_lm::model& m) {
    const lowbit::thread_pool alone{1};
    tiny_lm::session s(m, 20, alone);
    const auto logits = s.read(random_bytes(20));
    return {logits.data(), logits.data() + 20 * 256};
  }

 private:
  lowbit_test::temporary_folder folder_;
  tiny_lm::config sizes_;
  random_model random_;
};

}  // namespace tiny_lm_test
