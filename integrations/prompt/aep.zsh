# The token's state in zsh's prompt. Source it at the end of ~/.zshrc; aepoff hides it, aepon shows it again.
# The text travels in psvar, which zsh shows and never expands, so that no option of yours is changed.
_aep_prompt() {
  local before=$?
  emulate -L zsh
  local text=
  psvar[21]= psvar[22]= psvar[23]=
  if [[ -z ${AEP_PROMPT_OFF-} ]] && (( $+commands[aep-prompt] )); then
    text=$(aep-prompt --format '{symbol} {name} {remaining}')
  fi
  # A place for each state, so that PROMPT can colour it.
  case $text in
    ('+ '*) psvar[21]=${text#* } ;;
    ('! '*) psvar[22]=${text#* } ;;
    ('X '*) psvar[23]=${text#* } ;;
  esac
  # Again at each prompt, since themes set PROMPT there; and from the end of the list, past those that came later.
  [[ $PROMPT == *'%(22V.'* ]] || PROMPT='%(21V.%21v .)%(22V.%F{yellow}%22v%f .)%(23V.%F{red}%23v%f .)'$PROMPT
  [[ $precmd_functions[-1] == _aep_prompt ]] || precmd_functions=(${precmd_functions:#_aep_prompt} _aep_prompt)
  return $before
}
aepoff() { export AEP_PROMPT_OFF=1 }
aepon() { unset AEP_PROMPT_OFF }

autoload -Uz add-zsh-hook
add-zsh-hook precmd _aep_prompt
