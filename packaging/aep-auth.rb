# A Homebrew formula; written for a tap and not run on macOS yet.
class AepAuth < Formula
  desc "Access tokens for Adobe Experience Platform"
  homepage "https://github.com/aep-auth/aep-auth"
  url "https://github.com/aep-auth/aep-auth/archive/refs/tags/v0.1.0.tar.gz"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    ENV["PREFIX"] = prefix
    system "./install.sh"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/aep-auth --version")
  end
end
