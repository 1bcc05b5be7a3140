"""What the modules below the page say in English, in the page's other languages.

Words in braces stand for what the modules fill in.  A test reads the modules and finds every sentence here.
"""

CHINESE: dict[str, str] = {
    # --- photographs
    # The classes of CIFAR-10 ...
    "airplane": "飞机",
    "automobile": "汽车",
    "bird": "鸟",
    "cat": "猫",
    "deer": "鹿",
    "dog": "狗",
    "frog": "青蛙",
    "horse": "马",
    "ship": "船",
    "truck": "卡车",
    # ... and of FashionMNIST.
    "t-shirt": "T 恤",
    "trouser": "裤子",
    "pullover": "套头衫",
    "dress": "连衣裙",
    "coat": "大衣",
    "sandal": "凉鞋",
    "shirt": "衬衫",
    "sneaker": "运动鞋",
    "bag": "包",
    "ankle boot": "短靴",
    # The steps of preparing a photo.
    "Upright": "摆正",
    "Turned as the camera was held, and laid on white where transparent.": "按拍摄时的方向转正，透明处填成白色。",
    "Square": "取方",
    "The middle, cut out with its proportions kept: squeezing would deform it.": (
        "按原比例裁出正中部分：压扁会使它变形。"
    ),
    "The part that was chosen, cut out with its proportions kept: squeezing would deform it.": (
        "按原比例裁出所选部分：压扁会使它变形。"
    ),
    "32x32": "32×32",
    "Averaged down smoothly, to the size of the pictures that the network learned from.": (
        "平滑地缩小到网络学习时所用图像的大小。"
    ),
    "Averaged down smoothly, to the size of the pictures that the network learned from. "
    "Beyond the edge the picture is mirrored.": "平滑地缩小到网络学习时所用图像的大小。边缘之外用镜像补齐。",
    # What the page answers to questions about photos that it cannot answer.
    "The page sent no picture. Reload it and try again.": "网页没有发来图片。请重新载入本页后重试。",
    "This picture has over 20 MB: make it smaller and try again.": "这张图片超过 20 MB：请缩小后重试。",
    "The box is not in the picture: drag it again.": "方框不在图片内：请重新拖动。",
    "The page asked for what no photo has. Reload it and try again.": (
        "网页询问了照片所没有的内容。请重新载入本页后重试。"
    ),
    "The page asked about what is no photo. Reload it and try again.": "网页询问的不是照片。请重新载入本页后重试。",
    "Other pictures are being fetched just now: try again in a few seconds.": "正在获取其他图片：请几秒后重试。",
    # Web addresses that are refused, or bring no picture.
    "This address leads on more than {times} times: copy the address of the picture itself.": (
        "这个网址跳转超过 {times} 次：请复制图片本身的网址。"
    ),
    "This is no web address: it looks like https://example.org/cat.jpg.": (
        "这不是网址：网址形如 https://example.org/cat.jpg。"
    ),
    "Only addresses that begin with http:// or https:// can be fetched.": "只能获取以 http:// 或 https:// 开头的网址。",
    "This address names no host: it looks like https://example.org/cat.jpg.": (
        "这个网址没有主机名：网址形如 https://example.org/cat.jpg。"
    ),
    "This address holds a user name or a password, which is better not sent: leave it out.": (
        "这个网址含有用户名或密码，最好不要发送：请去掉它。"
    ),
    "{host} cannot prove that it is {name}: its certificate is not valid.": (
        "{host} 无法证明自己是 {name}：其证书无效。"
    ),
    "{host} broke off, or speaks no HTTP at this address: try again. Save the picture and open it as a file instead.": (
        "{host} 中断了连接，或在这个网址不使用 HTTP：请重试，或将图片保存后作为文件打开。"
    ),
    "Only the web's own ports, 80 and 443, are opened from here, and not {port}.": (
        "这里只访问网页自己的端口 80 和 443，不访问 {port}。"
    ),
    "{host} is not on the public internet, and nothing else is fetched from here. "
    "Save the picture and open it as a file instead.": (
        "{host} 不在公共互联网上，这里只从公共互联网获取。请将图片保存后作为文件打开。"
    ),
    "{host} refuses the connection: check the address.": "{host} 拒绝连接：请检查网址。",
    "{host} cannot be reached from this server, which may have no network. "
    "Save the picture and open it as a file instead.": (
        "从这台服务器无法连接 {host}，服务器可能没有网络。请将图片保存后作为文件打开。"
    ),
    "{host} cannot be looked up: this server may have no network. Save the picture and open it as a file instead.": (
        "无法查询 {host}：这台服务器可能没有网络。请将图片保存后作为文件打开。"
    ),
    "There is no host called {host}: check the address.": "没有名为 {host} 的主机：请检查网址。",
    "{host} answers {status}: open the address in a browser to see.": (
        "{host} 返回 {status}：请在浏览器中打开该网址查看。"
    ),
    "Behind this address is no picture but {kind}: copy the address of the picture itself.": (
        "这个网址不是图片，而是 {kind}：请复制图片本身的网址。"
    ),
    "{host} sends the picture compressed once more, which is not unpacked here. "
    "Save the picture and open it as a file instead.": (
        "{host} 发来的图片又经过一次压缩，这里不解压。请将图片保存后作为文件打开。"
    ),
    "This picture has over {size} MB: choose a smaller one.": "这张图片超过 {size} MB：请选一张小一些的。",
    "{host} broke off in the middle of the picture: try again.": "{host} 在传送图片时中断：请重试。",
    "{host} took longer than {seconds} seconds: try again later. Save the picture and open it as a file instead.": (
        "{host} 用了超过 {seconds} 秒：请稍后重试，或将图片保存后作为文件打开。"
    ),
}
