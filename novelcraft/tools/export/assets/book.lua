-- Lays out what Markdown cannot say: title and author, the scene break, the paragraph that follows
-- a heading or a break, the chapters' anchors, and a table of contents for DOCX that is there
-- before any field has been updated.

local SCENE_BREAK = "* * *"

local function styled(block, style)
  return pandoc.Div({ block }, pandoc.Attr("", {}, { ["custom-style"] = style }))
end

-- A break in the terms of each format, as a block.
local scene_break = {
  docx = function()
    return styled(pandoc.Para({ pandoc.Str(SCENE_BREAK) }), "Scene Break")
  end,
  latex = function()
    return pandoc.RawBlock("latex", "\\begin{center}* * *\\end{center}")
  end,
  typst = function()
    return pandoc.RawBlock("typst", "#v(1em)\n#align(center)[\\* \\* \\*]\n#v(1em)")
  end,
}

local function plain_break()
  return pandoc.Div({ pandoc.Para({ pandoc.Str(SCENE_BREAK) }) }, pandoc.Attr("", { "scene-break" }))
end

-- A heading "Chapter 1: Title" shows its number on a line of its own where style sheets reach.
local function split_heading(header)
  for i, inline in ipairs(header.content) do
    if inline.t == "Str" and inline.text:sub(-1) == ":" and i < #header.content then
      local number = pandoc.List()
      for j = 1, i - 1 do
        number:insert(header.content[j])
      end
      number:insert(pandoc.Str(inline.text:sub(1, -2)))
      local rest = pandoc.List({
        pandoc.Span(number, pandoc.Attr("", { "number" })),
        pandoc.Span({ pandoc.Str(":") }, pandoc.Attr("", { "colon" })),
      })
      for j = i + 1, #header.content do
        rest:insert(header.content[j])
      end
      header.content = rest
      return
    end
  end
end

local function contents(doc, chapters)
  local list = pandoc.List({ styled(pandoc.Para(doc.meta["toc-title"]), "TOC Heading") })
  for _, chapter in ipairs(chapters) do
    local link = pandoc.Link(chapter.content, "#" .. chapter.identifier)
    list:insert(styled(pandoc.Para({ link }), "TOC 1"))
  end
  return list
end

-- What stands before the first chapter is the title, in bold, and the author, in italics.
local function take_front(doc)
  local front = pandoc.List({ "title", "author" })
  while doc.blocks[1] and doc.blocks[1].t == "Para" and #front > 0 do
    doc.meta[front:remove(1)] = doc.blocks:remove(1).content[1].content
  end
end

function Pandoc(doc)
  take_front(doc)
  local word = FORMAT == "docx"
  local blocks, chapters, first = pandoc.List(), pandoc.List(), true
  for _, block in ipairs(doc.blocks) do
    if block.t == "Header" then
      chapters:insert(block)
      block.identifier = "chapter-" .. #chapters
      if FORMAT:match("^epub") or FORMAT:match("^html") then
        split_heading(block)
      end
      first = true
    elseif block.t == "HorizontalRule" then
      block = (scene_break[FORMAT] or plain_break)()
      first = true
    elseif word then
      block = styled(block, first and "First Paragraph" or "Body Text")
      first = false
    elseif first and FORMAT == "latex" then
      block.content:insert(1, pandoc.RawInline("latex", "\\noindent "))
      first = false
    end
    blocks:insert(block)
  end
  if word then
    blocks = contents(doc, chapters) .. blocks
  end
  return pandoc.Pandoc(blocks, doc.meta)
end
