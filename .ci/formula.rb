# Reads the Homebrew formula with the packages beside it, as Homebrew would on each system it runs on:
#   ruby .ci/formula.rb FOLDER
# Homebrew itself is no package of this system, so what a formula may say is written down here; a word that is not is an
# error. On the system that this machine is, what the formula installs is installed, and its own test is run.
require "digest"
require "fileutils"
require "pathname"
require "tmpdir"

# What Homebrew adds to a path.
class Pathname
  def install(*sources)
    mkpath
    sources.each { |source| FileUtils.mv(source, self) }
  end
end

# One reading of the formula, on one system.
class Formula
  class << self
    attr_accessor :system_name, :processor
    attr_reader :said, :tested

    def inherited(formula)
      super
      formula.instance_variable_set(:@said, Hash.new { |said, word| said[word] = [] })
    end

    %i[desc homepage version license url sha256 depends_on].each do |word|
      define_method(word) { |value| @said[word] << value }
    end

    def on_macos = (yield if Formula.system_name == :macos)
    def on_linux = (yield if Formula.system_name == :linux)
    def on_arm = (yield if Formula.processor == :arm)
    def on_intel = (yield if Formula.processor == :intel)
    def test(&block) = (@tested = block)
  end

  attr_reader :prefix

  def initialize(prefix) = (@prefix = Pathname(prefix))
  def version = self.class.said[:version].first
  def bin = prefix/"bin"
  def share = prefix/"share"

  def shell_output(command)
    output = IO.popen(command, &:read)
    raise "#{command} failed" unless $?.success?
    output
  end

  def assert_match(expected, actual)
    raise "#{actual.inspect} has no #{expected.inspect}" unless actual.include?(expected)
  end
end

def check(is_so, words) = is_so || abort("error: aep-auth.rb: #{words}")

folder = Pathname(ARGV.fetch(0))
text = (folder/"aep-auth.rb").read
own = [RUBY_PLATFORM.include?("darwin") ? :macos : :linux, RUBY_PLATFORM.match?(/^(arm|aarch)/) ? :arm : :intel]
%i[macos linux].product(%i[arm intel]).each do |system, processor|
  where = "#{system}, #{processor}"
  Formula.system_name = system
  Formula.processor = processor
  Object.send(:remove_const, :AepAuth) if Object.const_defined?(:AepAuth)
  eval(text, TOPLEVEL_BINDING, "aep-auth.rb")
  said = AepAuth.said
  %i[desc homepage version license url sha256].each { |word| check(said[word].size == 1, "#{where}: #{word} #{said[word].size} times") }
  # Homebrew's own rules for the two.
  check(said[:desc].first.size < 80 && !said[:desc].first.match?(/\A(an? |the )|\.\z|aep-auth/i), "desc: #{said[:desc].first}")
  check(said[:homepage].first.start_with?("https://"), "homepage: #{said[:homepage].first}")
  address, _, name = said[:url].first.rpartition("/")
  check(address == "#{said[:homepage].first}/releases/download/v#{said[:version].first}", "#{where}: #{address}")
  file = folder/name
  check(file.file?, "#{where}: no #{name} was packed")
  check(Digest::SHA256.file(file).hexdigest == said[:sha256].first, "#{where}: the checksum of #{name} is another")
  is_source = name.end_with?("-source.tar.gz")
  check(said[:depends_on] == (is_source ? [{ "rust" => :build }] : []), "#{where}: depends_on #{said[:depends_on]}")
  check(is_source || name.include?({ macos: "-apple-darwin", linux: "-unknown-linux-gnu" }[system]), "#{where}: #{name}")
  check(is_source || name.include?({ arm: "aarch64-", intel: "x86_64-" }[processor]), "#{where}: #{name}")
  puts "#{where}: #{name}"

  Dir.mktmpdir do |work|
    check(system("tar", "-xzf", file.to_s, "-C", work), "#{name} does not unpack")
    # Homebrew goes into the only folder that an archive holds.
    inside = Dir.children(work)
    check(inside.size == 1, "#{name} holds #{inside}")
    Dir.chdir(File.join(work, inside.first)) do
      formula = AepAuth.new(File.join(work, "prefix"))
      if is_source
        ran = nil
        formula.define_singleton_method(:system) { |command| ran = [command, ENV.delete("PREFIX")] }
        formula.install
        check(ran == ["./install.sh", formula.prefix.to_s], "#{where}: ran #{ran}")
        check(File.executable?("install.sh"), "#{where}: install.sh is no program")
      else
        formula.install
        programs = (formula.prefix/"bin").children.map { |program| program.basename.to_s }.sort
        check(programs.size == 7 && programs.include?("aep-auth"), "#{where}: installs #{programs}")
        %w[man/man1/aep-auth.1 bash-completion/completions/aep-auth zsh/site-functions/_aep-auth aep-auth/integrations/git].each do |part|
          check((formula.share/part).exist?, "#{where}: installs no share/#{part}")
        end
        formula.instance_eval(&AepAuth.tested) if [system, processor] == own
      end
    end
  end
end
